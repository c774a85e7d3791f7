/**
 * When nobody will send a body again.
 */
import type { Readable } from 'node:stream';
import type { CacheResult } from '../cache/outcome.ts';
import { WholeBody } from '../request/whole-body.ts';

/** Lets go of bodies at once, or when the call is over that they were sent with. */
export function letGoAfter({ outcome, call }: CacheResult, ...bodies: readonly (WholeBody | Readable)[]): void {
  const isSent = outcome.word === 'miss' || outcome.word === 'bypass';
  if (isSent && call instanceof Promise) void call.then(() => bodies.forEach(letGo));
  else bodies.forEach(letGo);
}

export function letGo(body: WholeBody | Readable): void {
  if (body instanceof WholeBody) body.release();
  else body.destroy();
}
