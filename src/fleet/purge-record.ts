/**
 * A purge as the log of purges holds it: JSON. One purge may be logged several
 * times, by whoever finds that the log lost it; each time is another `record`.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { GoneNews } from '../store/gone.ts';

export interface LoggedPurge {
  /** Names the purge. */
  readonly purge: string;
  /** Names the record. */
  readonly record: string;
  readonly gone: GoneNews;
}

const EVERYTHING: GoneNews = { purge: {} };

export function newPurgeName(): string {
  return randomUUID();
}

export function spellPurge(purge: string, gone: GoneNews): string {
  const logged: LoggedPurge = { purge, record: randomBytes(9).toString('base64url'), gone };
  return JSON.stringify(logged);
}

/** Takes what cannot be read for a purge of everything: in doubt, nothing goes on being served. */
export function readPurge(text: string): LoggedPurge {
  try {
    const { purge, record, gone } = JSON.parse(text) as Partial<Record<keyof LoggedPurge, unknown>>;
    if (typeof purge !== 'string' || typeof record !== 'string') throw new TypeError('no names');
    return { purge, record, gone: isGone(gone) ? gone : EVERYTHING };
  } catch {
    return { purge: text, record: text, gone: EVERYTHING };
  }
}

function isGone(value: unknown): value is GoneNews {
  if (typeof value !== 'object' || value === null) return false;
  const { key, answerId, ...others } = value as Partial<Record<'key' | 'answerId' | 'purge' | 'doubt', unknown>>;
  const purge = others.purge ?? others.doubt;
  return typeof key === 'string' || typeof answerId === 'string' || (typeof purge === 'object' && purge !== null);
}
