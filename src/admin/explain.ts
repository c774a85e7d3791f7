/**
 * `POST /explain`: says why two requests, or one and that of a stored entry, or those of two entries, share an answer
 * or not.
 */
import { invalidBody, shown } from '../errors.ts';
import { askedBy, explain, type Explanation, nameWritten } from '../request/explain.ts';
import type { ExplainedRequest } from '../request/explained-request.ts';
import { formOf } from '../request/fingerprint.ts';
import type { Rules } from '../request/parsed-head.ts';
import { readDocument, readWrittenRequest } from '../request/written-request.ts';
import type { Catalogue, Kept } from '../store/catalogue.ts';

const MEMBERS: readonly string[] = ['a', 'b', 'key', 'keys'];

/** Digits, perhaps with the form, or all of it. */
const KEY = /^([0-9a-f]{16,64})(?:\.([a-z+]+)(~[0-9a-f]{16})?)?$/;
/** The digits of a fingerprint. */
const WHOLE = 64;
/** The keys with the same digits that are looked at for a form. */
const MOST_FORMS = 10;

/** The entries that keys are looked up in. */
export type KeptRequests = Pick<Catalogue, 'findByPrefix' | 'listByPrefix'>;

/** @throws RefrainError `invalid_body`, or what either request would be refused with */
export async function explainDocument(rules: Rules, store: KeptRequests, text: string): Promise<Explanation> {
  const { members } = readDocument(text, 'the body');
  const [a, b, key, keys] = MEMBERS.map((name) => members?.get(name));
  const stranger = members?.keys().find((name) => !MEMBERS.includes(name));
  if (stranger !== undefined) throw invalidBody(`${shown(stranger)}: there is no such member`);
  if (keys && members?.size === 1) return explainStored(rules, store, JSON.parse(keys.text));
  if (keys || !a || !(b || key) || (b && key)) {
    throw invalidBody(
      'it must be {"a": REQUEST, "b": REQUEST}, or "key": DIGITS in the place of "b", or {"keys": [DIGITS, DIGITS]}',
    );
  }
  const written = readWrittenRequest(a, 'a');
  const named = nameWritten(rules, written);
  if (b) return explain(rules, named, nameWritten(rules, readWrittenRequest(b, 'b')));
  const stored = await findStored(store, JSON.parse(key?.text ?? '""'));
  return explain(rules, askedBy(rules, stored.parts.scope ?? '', written, named), stored);
}

async function explainStored(rules: Rules, store: KeptRequests, keys: unknown): Promise<Explanation> {
  if (!Array.isArray(keys) || keys.length !== 2) throw invalidBody('"keys" must be those of two entries');
  const [one, other] = keys;
  return explain(rules, await findStored(store, one), await findStored(store, other));
}

/** The entry whose key begins so, and is of the form that is named. */
async function findKept(stored: KeptRequests, key: string): Promise<Kept | undefined> {
  const [, digits = '', form] = KEY.exec(key) ?? [];
  if (digits.length === WHOLE || form === undefined) return stored.findByPrefix(key);
  const rows = (await stored.listByPrefix(digits, MOST_FORMS)) ?? [];
  const row = rows.find((each) => formOf(each.key) === form);
  return row && stored.findByPrefix(row.key);
}

async function findStored(store: KeptRequests, key: unknown): Promise<ExplainedRequest> {
  if (typeof key !== 'string' || !KEY.test(key))
    throw invalidBody(
      'a key must be 16 to 64 hexadecimal digits, as x-refrain-key gives them, or as entries are listed',
    );
  const kept = await findKept(store, key);
  if (!kept) throw invalidBody(`nothing is kept under ${key}`);
  const { endpoint, parts } = kept.request;
  if (!parts)
    throw invalidBody(
      `what was asked is not kept with ${key}: it was too long, shows a credential, or store.prompts is false`,
    );
  return { endpoint, dialect: null, form: formOf(kept.key), parts };
}
