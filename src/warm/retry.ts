/**
 * Retries: of what may be another answer the next time, after as long as the upstream says (`retry-after-ms`, or
 * `Retry-After` in seconds or as a date), or else after a time that doubles, of which up to half is left to chance, so
 * that many who failed at once do not come back at once.
 */

/** The first wait and the longest, in ms. */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** A longer wait is not sat out: the request has failed for now. */
const MOST_PATIENT_MS = 10 * 60_000;

export const MOST_TRIES = 6;

type HeaderValue = (name: string) => string | undefined;

/** Tests whether an answer may be another the next time. Refrain says so of its own, and so do some upstreams. */
export function isTransient(status: number, header: HeaderValue): boolean {
  const word = header('x-should-retry');
  if (word === 'true' || word === 'false') return word === 'true';
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/**
 * The time before the next try, in ms; null where it is too long to wait for.
 * @param tries so far
 * @param random from 0 to 1
 */
export function waitBefore(tries: number, header: HeaderValue, now: number, random: number): number | null {
  const said = saidWait(header, now);
  if (said !== null) return said <= MOST_PATIENT_MS ? said : null;
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries - 1)) * (1 - random / 2);
}

function saidWait(header: HeaderValue, now: number): number | null {
  const ms = numberIn(header('retry-after-ms'));
  if (ms !== null) return ms;
  const after = header('retry-after');
  const seconds = numberIn(after);
  if (seconds !== null) return seconds * 1000;
  const date = after === undefined ? Number.NaN : Date.parse(after);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function numberIn(text: string | undefined): number | null {
  return text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : null;
}
