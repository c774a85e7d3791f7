/**
 * What there is to read about a proxy, in the words of its operator's API.
 */
import type { Filter } from '../config/commands.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Stats as BookedStats } from '../ledger/stats.ts';
import type { Call } from '../response/entry.ts';

/** What the books say, and of a proxy that runs its memory. */
export interface Stats extends BookedStats {
  readonly lru?: { readonly hits: number; readonly misses: number; readonly maxsize: number; readonly currsize: number; readonly entries: number };
}

export interface Row {
  readonly key: string;
  readonly form: string;
  readonly model: string | null;
  readonly endpoint: Endpoint | null;
  readonly scope: string | null;
  readonly tags: readonly string[];
  readonly bytes: number;
  readonly storedAt: string;
  readonly expiresAt: string | null;
  readonly age: number;
  readonly hits: number;
  readonly tier: string;
  readonly call: Call | null;
}

export interface Page {
  readonly entries: readonly Row[];
  readonly next: string | null;
}

export interface Detail extends Row {
  readonly request: { readonly method: string; readonly path: string; readonly query: string; readonly headers: Readonly<Record<string, string>>; readonly body: string } | null;
  readonly answer: { readonly status: number; readonly headers: readonly (readonly [string, string])[]; readonly body: string; readonly encoding: 'utf8' | 'base64' };
}

export interface Deleted {
  readonly entries: number;
  readonly bytes: number;
}

export interface Purged extends Deleted {
  readonly flights: number;
  readonly dryRun: boolean;
}

export interface Books {
  stats(): Promise<Stats>;
  list(filter: Filter, limit: number): Promise<Page>;
  /** @param key its first digits, perhaps with the form. @throws CommandError where it names none or several */
  entry(key: string): Promise<Detail>;
}
