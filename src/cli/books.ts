/**
 * What there is to read about a proxy, in the words of its operator's API.
 */
import type { Filter } from '../config/commands.ts';
import type { Endpoint } from '../endpoint.ts';

export interface Usage {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  readonly reasoning: number;
}

export interface Sums {
  readonly requests: number;
  readonly hits: number;
  readonly follows: number;
  readonly misses: number;
  readonly bypasses: number;
  readonly refusals: number;
  readonly hitRate: number | null;
  readonly tokens: { readonly spent: Usage; readonly saved: Usage };
  readonly dollars: { readonly spent: number; readonly saved: number };
  readonly unpricedTokens: number;
  readonly waitedSaved: number;
}

export interface Summary extends Sums {
  readonly models: readonly (Sums & { readonly model: string | null })[];
}

export interface Stats {
  readonly since: string | null;
  readonly periods: { readonly today: Summary; readonly week: Summary; readonly all: Summary };
  /** Of a proxy that runs. */
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
  readonly call: { readonly usage: Usage | null; readonly firstByteMs: number; readonly ms: number } | null;
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
