/**
 * The thread for what is too long to be done between two requests.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { WhyNotCacheable } from './parsed-request.ts';
import type { Form } from './form.ts';
import type { Parts } from './fingerprint.ts';
import { lightened, computeKey, type KeyedRequest, type KeyContext } from './key.ts';
import { type Candidate, nearestOf, type Nearest } from './nearest.ts';

/** In bytes: what a longer body leaves behind is collected at once, before the next one comes on top of it. */
const LONG = 1024 * 1024;

/** This thread's own collector, which has little else to look at. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

export function name({
  keyContext,
  body,
}: {
  keyContext: KeyContext;
  body: Uint8Array;
}): KeyedRequest | WhyNotCacheable {
  const keyed = lightened(computeKey(keyContext, Buffer.from(body.buffer, body.byteOffset, body.length)));
  if (body.length > LONG) {
    // This thread's copy.
    (body.buffer as ArrayBuffer).transfer(0);
    collect();
  }
  return keyed;
}

export function nearest({
  parts,
  form,
  candidates,
}: {
  parts: Parts;
  form: Form;
  candidates: readonly Candidate[];
}): Nearest | null {
  return nearestOf(parts, form, candidates);
}
