/**
 * The judge of entries by purges that reach beyond this process: other
 * processes throw away what a store here may still have.
 */
import type { Entry } from '../response/entry.ts';

/**
 *   kept     no purge that is known is about it
 *   purged   it is a miss for good
 *   unknown  not to be said before the log of purges is read on
 */
export type Judgement = 'kept' | 'purged' | 'unknown';

export interface PurgeJudge {
  judge(key: string, entry: Entry): Judgement;
  /** Resolves once all is known that was logged before this call, or it is clear that it cannot be. */
  catchUp(): Promise<void>;
}
