/**
 * The entry that a person means by some digits of its key.
 */
import { overloaded } from '../errors.ts';
import { ambiguousKey, unknownEntry } from './errors.ts';
import { formOf } from '../request/fingerprint.ts';
import type { EntryRow } from '../store/listing.ts';
import type { Catalogue } from '../store/catalogue.ts';

/** The digits of a fingerprint. */
const WHOLE = 64;

/** The keys that are named where too few digits were given. */
const NAMED = 10;

/**
 * @param key 16 to 64 digits, perhaps with the form, or a key as it is listed
 * @throws RefrainError `unknown_entry`, `ambiguous_key`, or `overloaded` where the store cannot answer now
 */
export async function findRow(catalogue: Pick<Catalogue, 'listByPrefix'>, key: string): Promise<EntryRow> {
  const [, digits, form] = /^([0-9a-f]{16,64})(?:\.(.*))?$/.exec(key) ?? [];
  if (digits === undefined) throw unknownEntry(key);
  const rows = await catalogue.listByPrefix(digits.length === WHOLE && form !== undefined ? key : digits, NAMED);
  if (!rows) throw overloaded();
  const exact = rows.find((one) => one.key === key);
  if (exact) return exact;
  const [row, ...others] =
    form === undefined ? rows.filter((one) => !one.derivation) : rows.filter((one) => formOf(one.key) === form);
  if (!row) throw unknownEntry(key);
  if (others.length > 0)
    throw ambiguousKey(
      key,
      [row, ...others].map((one) => one.key),
    );
  return row;
}
