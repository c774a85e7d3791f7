/**
 * `POST /explain`: says why two requests, or one and the key of a stored one,
 * share an answer or not.
 */
import { invalidBody, shown } from '../errors.ts';
import { askedBy, explain, type Explanation, nameWritten, type ExplainedRequest } from '../request/explain.ts';
import { formOf } from '../request/fingerprint.ts';
import type { Rules } from '../request/parsed-head.ts';
import { readDocument, readWrittenRequest } from '../request/written-request.ts';
import type { Kept } from '../store/catalogue.ts';

const MEMBERS: readonly string[] = ['a', 'b', 'key'];

/** Finds the entry whose key begins with these digits. */
export type FindKept = (digits: string) => Promise<Kept | undefined>;

/** @throws RefrainError `invalid_body`, or what either request would be refused with */
export async function explainDocument(rules: Rules, find: FindKept, text: string): Promise<Explanation> {
  const { members } = readDocument(text, 'the body');
  const [a, b, key] = MEMBERS.map((name) => members?.get(name));
  const stranger = members?.keys().find((name) => !MEMBERS.includes(name));
  if (stranger !== undefined) throw invalidBody(`${shown(stranger)}: there is no such member`);
  if (!a || !(b || key) || (b && key)) {
    throw invalidBody('it must be {"a": REQUEST, "b": REQUEST}, or "key": DIGITS in the place of "b"');
  }
  const written = readWrittenRequest(a, 'a');
  const named = nameWritten(rules, written);
  if (b) return explain(rules, named, nameWritten(rules, readWrittenRequest(b, 'b')));
  const stored = await findStored(find, JSON.parse(key?.text ?? '""'));
  return explain(rules, askedBy(rules, stored.parts.scope ?? '', written, named), stored);
}

async function findStored(find: FindKept, key: unknown): Promise<ExplainedRequest> {
  if (typeof key !== 'string' || !/^[0-9a-f]{16,64}$/.test(key))
    throw invalidBody('"key" must be 16 to 64 hexadecimal digits, as x-refrain-key gives them');
  const kept = await find(key);
  if (!kept) throw invalidBody(`nothing is kept under ${key}`);
  const { endpoint, parts } = kept.request;
  if (!parts)
    throw invalidBody(
      `what was asked is not kept with ${key}: it was too long, shows a credential, or store.prompts is false`,
    );
  return { endpoint, dialect: null, form: formOf(kept.key), parts };
}
