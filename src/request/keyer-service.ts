/**
 * The work on keys that is too long to be done between two requests, as a service of a thread.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { computeKey, type KeyContext, type KeyedRequest, lightened } from './key.ts';
import { nearestOf, rank } from './nearest.ts';
import type { WhyNotCacheable } from './parsed-request.ts';

/** In bytes: what a longer body leaves behind is collected at once, before the next one comes on top of it. */
const LONG = 1024 * 1024;

export type KeyerService = ReturnType<typeof createService>;

export function createService() {
  // This thread's own collector, which has little else to look at.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return {
    name: (keyContext: KeyContext, body: Uint8Array) => name(keyContext, body, collect),
    nearest: nearestOf,
    rank,
  };
}

function name(keyContext: KeyContext, body: Uint8Array, collect: () => void): KeyedRequest | WhyNotCacheable {
  const keyed = lightened(computeKey(keyContext, Buffer.from(body.buffer, body.byteOffset, body.length)));
  if (body.length > LONG) {
    // This thread's copy.
    (body.buffer as ArrayBuffer).transfer(0);
    collect();
  }
  return keyed;
}
