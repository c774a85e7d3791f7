/**
 * An entry as bytes, to outlive the process, and back.
 *
 *   magic 4 │ version 1 │ SHA-256 32 │ key, head and body length, 4 each │ key │ head │ body
 *
 * The checksum covers every byte but its own, the key included: a frame that
 * was damaged, cut, run into the next one or filed under another key is
 * nothing. A guess would serve wrong bytes.
 */
import { createHash } from 'node:crypto';
import {
  type Call,
  compact,
  type Entry,
  type Label,
  type PurgeMark,
  type StoredRequest,
  type Variant,
} from './entry.ts';
import { isObject } from './json.ts';
import { isUsage } from './usage.ts';

const OPENING = Buffer.from('RFRN\x01', 'latin1');
const CHECKSUM_AT = OPENING.length;
const LENGTHS_AT = CHECKSUM_AT + 32;
const KEY_AT = LENGTHS_AT + 12;

/** A key that UTF-8 cannot hold (a lone surrogate in it) encodes, and is never found again. */
export function encode(key: string, entry: Entry): Buffer {
  const head = headText(entry);
  const keyLength = Buffer.byteLength(key);
  const headLength = Buffer.byteLength(head);
  const frame = Buffer.allocUnsafeSlow(KEY_AT + keyLength + headLength + entry.body.length);
  frame.set(OPENING);
  frame.writeUInt32BE(keyLength, LENGTHS_AT);
  frame.writeUInt32BE(headLength, LENGTHS_AT + 4);
  frame.writeUInt32BE(entry.body.length, LENGTHS_AT + 8);
  frame.write(key, KEY_AT);
  frame.write(head, KEY_AT + keyLength);
  frame.set(entry.body, KEY_AT + keyLength + headLength);
  frame.set(checksum(frame), CHECKSUM_AT);
  return frame;
}

/** The same without the request, for a store that keeps that elsewhere. */
export function encodeAnswer(key: string, { request: _, ...answer }: Entry): Buffer {
  return encode(key, answer);
}

/** The entry that was encoded under `key`, its body in a buffer of its own; undefined for anything odd. */
export function decode(key: string, bytes: Uint8Array): Entry | undefined {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (frame.length < KEY_AT || !frame.subarray(0, CHECKSUM_AT).equals(OPENING)) return undefined;
  const headAt = KEY_AT + frame.readUInt32BE(LENGTHS_AT);
  const bodyAt = headAt + frame.readUInt32BE(LENGTHS_AT + 4);
  const bodyLength = frame.readUInt32BE(LENGTHS_AT + 8);
  if (bodyAt + bodyLength !== frame.length) return undefined;
  if (!checksum(frame).equals(frame.subarray(CHECKSUM_AT, LENGTHS_AT))) return undefined;
  if (frame.toString('utf8', KEY_AT, headAt) !== key) return undefined;
  const head = parseHead(frame.toString('utf8', headAt, bodyAt));
  return head && { ...head, body: compact([frame.subarray(bodyAt)], bodyLength) };
}

function checksum(frame: Buffer): Buffer {
  return createHash('sha256').update(frame.subarray(0, CHECKSUM_AT)).update(frame.subarray(LENGTHS_AT)).digest();
}

/** JSON has no Infinity; the word stands for it. A frame from before a member was known has none. */
function headText({ head, storedAt, expiresAt, answerId, variant, call, arrivals, purgeMark, request }: Entry): string {
  const { status, statusText, headers } = head;
  const expires = expiresAt === Infinity ? 'never' : expiresAt;
  const dates = { storedAt, expiresAt: expires };
  return JSON.stringify({
    status,
    statusText,
    headers,
    ...dates,
    answerId,
    variant,
    call,
    arrivals,
    purgeMark,
    request,
  });
}

function parseHead(text: string): Omit<Entry, 'body'> | undefined {
  try {
    const { status, statusText, headers, storedAt, expiresAt, answerId, ...others } = JSON.parse(text);
    const { variant, call, arrivals, purgeMark, request } = others;
    const isSound =
      Number.isInteger(status) &&
      typeof statusText === 'string' &&
      isRawHeaders(headers) &&
      typeof storedAt === 'number' &&
      (typeof expiresAt === 'number' || expiresAt === 'never') &&
      (typeof answerId === 'string' || answerId === null) &&
      isOptional(variant, isVariant) &&
      isOptional(call, isCall) &&
      isOptional(arrivals, isText) &&
      isOptional(purgeMark, isPurgeMark) &&
      isOptional(request, isStoredRequest);
    if (!isSound) return undefined;
    const answer = {
      head: { status, statusText, headers },
      storedAt,
      expiresAt: expiresAt === 'never' ? Infinity : expiresAt,
      answerId,
    };
    const known = { ...(variant && { variant }), ...(call && { call }), ...(arrivals && { arrivals }) };
    return { ...answer, ...known, ...(purgeMark && { purgeMark }), ...(request && { request }) };
  } catch {
    return undefined;
  }
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isVariant(value: unknown): value is Variant {
  if (!isObject(value)) return false;
  const { by, digest } = value;
  return Array.isArray(by) && by.every((name) => typeof name === 'string') && typeof digest === 'string';
}

export function isCall(value: unknown): value is Call {
  if (!isObject(value)) return false;
  const { usage, firstByteMs, ms, model } = value;
  return (
    [firstByteMs, ms].every(Number.isFinite) &&
    (usage === null || isUsage(usage)) &&
    (model === undefined || typeof model === 'string')
  );
}

export function isPurgeMark(value: unknown): value is PurgeMark {
  if (!isObject(value)) return false;
  const { log, id, record } = value;
  return typeof log === 'string' && Number.isInteger(id) && typeof record === 'string';
}

export function isLabel(value: unknown): value is Label {
  if (!isObject(value)) return false;
  const { endpoint, model, scope, tags } = value;
  return (
    [endpoint, scope].every((text) => typeof text === 'string') &&
    (model === null || typeof model === 'string') &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === 'string')
  );
}

function isStoredRequest(value: unknown): value is StoredRequest {
  if (!isLabel(value)) return false;
  const { parts } = value as Partial<Record<'parts', unknown>>;
  return parts === null || (isObject(parts) && Object.values(parts).every((part) => typeof part === 'string'));
}

export function isRawHeaders(value: unknown): value is string[] {
  return Array.isArray(value) && value.length % 2 === 0 && value.every((item) => typeof item === 'string');
}
