/**
 * What the doctor finds. Every look is bounded in time, and none throws: what
 * cannot be looked at has failed.
 */
import { reasonOf } from '../errors.ts';

export type FindingState = 'ok' | 'warning' | 'failure';

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly state: FindingState;
  readonly says: string;
  /** What to do about it; null where nothing is. */
  readonly advice: string | null;
  readonly details: readonly string[];
}

/** Looks at something; an abort of `signal` asks it to end with what it found. */
export type Check = (signal: AbortSignal) => Finding | Promise<Finding>;

/** How long a look may take, and how long its telling may take after that. */
export const LOOK_MS = 4_500;
const TELL_MS = 500;

export const ok = (check: string, says: string, details: readonly string[] = []): Finding => ({
  check,
  state: 'ok',
  says,
  advice: null,
  details,
});
export const warning = (check: string, says: string, advice: string, details: readonly string[] = []): Finding => ({
  check,
  state: 'warning',
  says,
  advice,
  details,
});
export const failure = (check: string, says: string, advice: string): Finding => ({
  check,
  state: 'failure',
  says,
  advice,
  details: [],
});

export async function findOut(check: string, look: Check): Promise<Finding> {
  const late = new Promise<Finding>((resolve) => {
    const giveUp = () =>
      resolve(
        failure(check, `took longer than ${(LOOK_MS + TELL_MS) / 1000} s`, 'see what keeps it busy, and look again'),
      );
    setTimeout(giveUp, LOOK_MS + TELL_MS).unref();
  });
  try {
    return await Promise.race([look(AbortSignal.timeout(LOOK_MS)), late]);
  } catch (error) {
    return failure(check, `could not be looked at (${reasonOf(error)})`, 'see the reason');
  }
}
