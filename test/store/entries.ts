/**
 * Entries to keep, made from a word or two.
 */
import { compact, type Entry } from '../../src/response/entry.ts';

export function entryOf(text: string, more: Partial<Omit<Entry, 'body'>> = {}): Entry {
  const body = Buffer.from(text);
  return {
    head: {
      status: 200,
      statusText: 'OK',
      headers: ['Content-Type', 'application/json', 'x-request-id', `req_${text.slice(0, 8)}`],
    },
    body: compact([body], body.length),
    storedAt: Date.UTC(2026, 0, 1),
    expiresAt: Infinity,
    answerId: null,
    ...more,
  };
}

/** A body that only `index` can have, of about `bytes` bytes. */
export function textOf(index: number, bytes: number): string {
  const piece = `answer ${index}, `;
  return piece.repeat(Math.max(1, Math.round(bytes / piece.length)));
}
