/**
 * The proof that a cache is warm: one of the requests is asked again, and has to be a hit.
 */
import type { Clock } from '../clock.ts';
import type { BatchClient } from './batch-client.ts';
import { isBypass, type Sample } from './warming.ts';

export interface Proof {
  /** The key by which the answer is found; null where it was no hit. */
  readonly key: string | null;
  /** Why it was none, in the words of the proxy. */
  readonly why: string;
}

/** An answer is kept within a moment of its end; until then an equal request follows it. */
const LOOKS = 20;
const BETWEEN_MS = 100;

export async function proveHit(client: BatchClient, { request, answer }: Sample, clock: Clock): Promise<Proof> {
  if (isBypass(answer)) return { key: null, why: answer.header('cache-status') ?? 'it is never kept' };
  for (let look = 1; ; look++) {
    const again = await client.once(request, { 'x-refrain-debug': '1' });
    if ('error' in again) return { key: null, why: again.error };
    const { header, status } = again;
    const word = header('x-cache');
    if (word === 'HIT') return { key: header('x-refrain-key') ?? '', why: '' };
    if (word !== 'FOLLOW' || look === LOOKS) {
      return { key: null, why: header('x-refrain-why') ?? header('cache-status') ?? `status ${status}` };
    }
    await new Promise<void>((resolve) => clock.after(BETWEEN_MS, resolve, true));
  }
}
