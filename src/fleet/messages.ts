/**
 * The messages of live following: a follower joins, says how far it has come and
 * leaves; a leader sends the head, pieces of the body with their offsets, and the
 * end. A length, a JSON record of that length, and the bytes of a piece.
 *
 * Anything else is dropped: a node of another version may send it.
 */
import type { Terms } from '../cache/terms.ts';
import { isCall, isRawHeaders, isVariant } from '../response/codec.ts';
import type { Call, Head, PurgeMark } from '../response/entry.ts';
import { isObject } from '../response/json.ts';

interface OfSession {
  /** One following, among all of the node that follows. */
  readonly session: number;
  /** The join that it is about: what an earlier one brings is not heard any more. */
  readonly attempt: number;
}

/** By a follower. */
interface OfFollower extends OfSession {
  /** The node that is to be answered. */
  readonly node: string;
  /** Of the lease under which the answer is fetched. */
  readonly token: string;
}

export interface Join extends OfFollower {
  readonly kind: 'join';
  /** How many bytes of it are known. */
  readonly offset: number;
  /** The last purge that its node has heard of. */
  readonly position: PurgeMark | null;
}

/** All bytes before `offset` have come, and some more may; also the beat of a follower. */
export interface Want extends OfFollower {
  readonly kind: 'want';
  readonly offset: number;
}

export interface Leave extends OfFollower {
  readonly kind: 'leave';
}

export interface Begin extends OfSession {
  readonly kind: 'begin';
  readonly head: Head;
  readonly length: number | null;
  readonly terms: Terms;
}

export interface Piece extends OfSession {
  readonly kind: 'piece';
  readonly offset: number;
  /** True where the terminal event has come, and is in this or was in one before: the answer is whole. */
  readonly isCommitted: boolean;
}

/** All bytes before `offset` have been sent: the beat of a leader. */
export interface Beat extends OfSession {
  readonly kind: 'beat';
  readonly offset: number;
}

export interface End extends OfSession {
  readonly kind: 'end';
  /** How many bytes there are. */
  readonly offset: number;
  readonly call: Call | null;
  readonly unkept: string | null;
}

export interface Broken extends OfSession {
  readonly kind: 'broken';
  /** How many bytes there are. */
  readonly offset: number;
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly alreadySent: boolean;
}

/** @see Loss */
export interface Refused extends OfSession {
  readonly kind: 'refused';
  readonly why: 'elsewhere' | 'for-one';
}

export type ToLeader = Join | Want | Leave;
export type ToFollower = Begin | Piece | Beat | End | Broken | Refused;
export type Message = ToLeader | ToFollower;

export interface Received {
  readonly message: Message;
  /** Of a piece; empty for any other. */
  readonly bytes: Buffer;
}

type Fields = Readonly<Record<string, (value: unknown) => boolean>>;

const isText = (value: unknown) => typeof value === 'string';
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag = (value: unknown) => typeof value === 'boolean';
const isNullOr = (is: (value: unknown) => boolean) => (value: unknown) => value === null || is(value);

const FIELDS: Readonly<Record<Message['kind'], Fields>> = {
  join: { node: isText, token: isText, offset: isCount, position: isNullOr(isObject) },
  want: { node: isText, token: isText, offset: isCount },
  leave: { node: isText, token: isText },
  begin: { head: isHead, length: isNullOr(isCount), terms: isTerms },
  piece: { offset: isCount, isCommitted: isFlag },
  beat: { offset: isCount },
  end: { offset: isCount, call: isNullOr(isCall), unkept: isNullOr(isText) },
  broken: { offset: isCount, code: isText, status: isCount, message: isText, alreadySent: isFlag },
  refused: { why: (why) => why === 'elsewhere' || why === 'for-one' },
};

function isHead(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { status, statusText, headers } = value;
  return Number.isInteger(status) && (status as number) >= 200 && isText(statusText) && isRawHeaders(headers);
}

function isTerms(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { variant, whyForOneAlone, age, unstorable } = value;
  return isNullOr(isVariant)(variant) && [whyForOneAlone, unstorable].every(isNullOr(isText)) && Number.isFinite(age);
}

const LENGTH_BYTES = 4;
const NO_BYTES = Buffer.alloc(0);

export function encodeMessage(message: Message, bytes: readonly Buffer[] = []): Buffer {
  const record = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(record.length);
  return Buffer.concat([length, record, ...bytes]);
}

/** @returns null for what is no message */
export function decodeMessage(received: Buffer): Received | null {
  if (received.length < LENGTH_BYTES) return null;
  const end = LENGTH_BYTES + received.readUInt32BE();
  if (end > received.length) return null;
  const message = parse(received.toString('utf8', LENGTH_BYTES, end));
  // A copy, since a recording may hold it for long and the rest with it.
  return message && { message, bytes: message.kind === 'piece' ? Buffer.from(received.subarray(end)) : NO_BYTES };
}

function parse(text: string): Message | null {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof record !== 'object' || record === null) return null;
  const { kind, session, attempt } = record as Partial<Record<string, unknown>>;
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind) || !isCount(session) || !isCount(attempt)) return null;
  const fields = Object.entries(FIELDS[kind as Message['kind']]);
  return fields.every(([name, fits]) => fits((record as Record<string, unknown>)[name])) ? (record as Message) : null;
}
