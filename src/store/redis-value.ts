/**
 * An entry as Redis keeps it.
 *
 *   storedAt 8 │ magic 4 │ id 16 │ uses 10 │ row and frame length, 4 each │ row │ frame
 *
 * The frame is that of `response/codec`, perhaps sealed: the answer is read
 * from it alone, or not at all. The row is a copy, in the clear and near the
 * front, of what entries are listed and purged by. Scripts read and write what
 * precedes it: when the answer was stored (a double), the time at which the
 * server took it, in µs, which names this very value, and how often it was
 * served (both in decimal digits).
 */
import { decode, encode, isCall, isLabel, isPurgeMark } from '../response/codec.ts';
import type { Call, Entry, Label, PurgeMark } from '../response/entry.ts';
import type { EntryRow } from './listing.ts';
import type { Sealing } from './sealing.ts';

/** A row, and what people are not shown of it. */
export interface RedisRow extends EntryRow {
  /** Of the value: another under the same key has another. */
  readonly id: number;
  /** As it is written: a digest where entries are encrypted. */
  readonly answerId: string | null;
  readonly purgeMark: PurgeMark | null;
}

/** Of the tier. */
export const NAME = 'redis';

const MAGIC = Buffer.from('RFR\x01', 'latin1');
const MAGIC_AT = 8;
const ID_AT = MAGIC_AT + MAGIC.length;
const USES_AT = ID_AT + 16;
const LENGTHS_AT = USES_AT + 10;
const ROW_AT = LENGTHS_AT + 8;

/** The places of the digits, for scripts; the last ones are part of them. */
export const ID = { from: ID_AT, to: USES_AT - 1 };
export const USES = { from: USES_AT, to: LENGTHS_AT - 1 };

/** So many bytes hold nearly every row. */
export const HEAD_BYTES = 1_024;

/**
 * Redis takes so much for a key with a time to live beside the key and the value, before it rounds up by as much as an
 * eighth (`MEMORY USAGE`; see test/bench/redis.ts).
 */
const BOOKKEEPING_BYTES = 200;

/** The text of a row: JSON has no Infinity. */
interface RowText {
  readonly expiresAt: number | null;
  readonly answerId: string | null;
  readonly label: Label | null;
  readonly call?: Call | undefined;
  readonly purgeMark?: PurgeMark | undefined;
}

export function encodeValue(key: string, entry: Entry, sealing: Sealing): Buffer {
  const row = Buffer.from(rowText(entry, sealing));
  const frame = sealing.seal(key, row, encode(key, entry));
  const value = Buffer.allocUnsafeSlow(ROW_AT + row.length + frame.length);
  value.writeDoubleBE(entry.storedAt, 0);
  value.set(MAGIC, MAGIC_AT);
  value.fill('0', ID_AT, LENGTHS_AT);
  value.writeUInt32BE(row.length, LENGTHS_AT);
  value.writeUInt32BE(frame.length, LENGTHS_AT + 4);
  value.set(row, ROW_AT);
  value.set(frame, ROW_AT + row.length);
  return value;
}

/** The entry, and the id of its value; undefined for anything odd. */
export function decodeValue(key: string, value: unknown, sealing: Sealing) {
  if (!isValue(value)) return undefined;
  const frameAt = ROW_AT + value.readUInt32BE(LENGTHS_AT);
  if (frameAt + value.readUInt32BE(LENGTHS_AT + 4) !== value.length) return undefined;
  const frame = sealing.open(key, value.subarray(ROW_AT, frameAt), value.subarray(frameAt));
  const entry = typeof frame === 'string' ? undefined : decode(key, frame);
  return entry?.storedAt === value.readDoubleBE(0) ? { entry, id: digitsAt(value, ID) } : undefined;
}

/**
 * The row of a value, of its first bytes.
 * @returns how many bytes it takes to read the row, where these are too few; undefined for anything odd
 */
export function decodeRow(key: string, head: unknown): RedisRow | number | undefined {
  if (!isValue(head)) return undefined;
  const frameAt = ROW_AT + head.readUInt32BE(LENGTHS_AT);
  if (frameAt > head.length) return frameAt;
  const text = parse(head.toString('utf8', ROW_AT, frameAt));
  return (
    text && {
      key,
      ...text,
      id: digitsAt(head, ID),
      hits: digitsAt(head, USES),
      storedAt: head.readDoubleBE(0),
      bytes: BOOKKEEPING_BYTES + Buffer.byteLength(key) + frameAt + head.readUInt32BE(LENGTHS_AT + 4),
      tier: NAME,
    }
  );
}

/** All that people are shown of a row. */
export function shown({ id: _, answerId: __, purgeMark: ___, ...row }: RedisRow): EntryRow {
  return row;
}

/** The properties by which a purge knows an entry. */
export function labelled({ storedAt, label }: RedisRow): Pick<Entry, 'storedAt' | 'request'> {
  return { storedAt, ...(label && { request: { ...label, parts: null } }) };
}

function isValue(value: unknown): value is Buffer {
  return Buffer.isBuffer(value) && value.length >= ROW_AT && value.subarray(MAGIC_AT, ID_AT).equals(MAGIC);
}

function rowText({ expiresAt, answerId, request, call, purgeMark }: Entry, sealing: Sealing): string {
  const { endpoint, model, scope, tags } = request ?? {};
  const label = request === undefined ? null : ({ endpoint, model, scope, tags } as Label);
  const finite = expiresAt === Infinity ? null : expiresAt;
  return JSON.stringify({
    expiresAt: finite,
    answerId: sealing.answerId(answerId),
    label,
    call,
    purgeMark,
  } satisfies RowText);
}

function digitsAt(value: Buffer, { from, to }: typeof ID): number {
  return Number(value.toString('latin1', from, to + 1));
}

/** The members that are as we write them: the row is a copy that nothing seals, and others may have changed it. */
function parse(text: string): Pick<RedisRow, 'expiresAt' | 'answerId' | 'label' | 'call' | 'purgeMark'> | undefined {
  try {
    const { expiresAt, answerId, label, call, purgeMark } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return {
      expiresAt: typeof expiresAt === 'number' ? expiresAt : Infinity,
      answerId: typeof answerId === 'string' ? answerId : null,
      label: isLabel(label) ? label : null,
      purgeMark: isPurgeMark(purgeMark) ? purgeMark : null,
      ...(isCall(call) && { call }),
    };
  } catch {
    return undefined;
  }
}
