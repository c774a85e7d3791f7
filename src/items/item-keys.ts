/**
 * The keys of the inputs of a batch: each is that of the same request with this input alone, so that a batch and a
 * request with one input find each other's answers.
 */
import { fingerprintFrame, keyOf } from '../request/fingerprint.ts';
import { computeKey, type KeyContext } from '../request/key.ts';
import type { InputBatch } from './batch.ts';

export interface ItemKeys {
  /** By the number of the input. */
  readonly keys: readonly string[];
  /** The canonical text of the request with this input alone. */
  bodyOf(input: number): string;
}

const INPUT = '"input":';

/** @returns null where a request with one of them alone has no key, or its canonical text is another than expected */
export function itemKeys(keyContext: KeyContext, { before, after, inputs }: InputBatch): ItemKeys | null {
  const [first] = inputs;
  if (first === undefined) return null;
  const keyed = computeKey(keyContext, Buffer.from(before + first.source + after));
  if (typeof keyed === 'string' || keyed.parts === null) return null;
  const { body = '' } = keyed.parts;
  // A name stands nowhere else: within a string its quotes are escaped.
  const found = body.indexOf(INPUT);
  const at = found + INPUT.length;
  if (found === -1 || !body.startsWith('json:') || !body.startsWith(first.canonical, at)) return null;
  const [start, end] = [body.slice(0, at), body.slice(at + first.canonical.length)];
  const name = fingerprintFrame(keyContext.parts);
  const bodyOf = (input: number) => start + inputs[input]?.canonical + end;
  const keys = inputs.map((_, input) => keyOf(name(bodyOf(input)), keyed.form));
  return keys[0] === keyed.key ? { keys, bodyOf } : null;
}
