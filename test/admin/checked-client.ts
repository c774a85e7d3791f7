/**
 * A client of the admin API. Every answer is held to `config/openapi.json`.
 */
import { expect } from 'vitest';
import type { EntryJson, EntryRowJson } from '../../src/admin/entry-json.ts';
import { type Asking, ask } from '../harness/client.ts';
import { faultsOf, OPERATIONS } from './schema.ts';

export interface Reply<T> {
  readonly status: number;
  readonly value: T;
}

export interface Listed {
  readonly entries: readonly EntryRowJson[];
  readonly next: string | null;
}

export interface Purged {
  readonly entries: number;
  readonly bytes: number;
  readonly flights: number;
  readonly dryRun: boolean;
}

/** `error` of a refusal. */
export interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly param: string | null };
}

export class CheckedAdminClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url;
    this.#headers = headers;
  }

  async ask<T>(method: string, path: string, asking: Asking = {}): Promise<Reply<T>> {
    const { status, headers, text } = await ask(this.#url + path, {
      method,
      ...asking,
      headers: { ...this.#headers, ...asking.headers },
    });
    const route = `${method} ${(path.split('?')[0] as string).replace(/^\/entries\/[^/]+/, '/entries/{key}')}`;
    if (OPERATIONS.includes(route))
      expect(faultsOf(route, status, headers['content-type'], text), text.slice(0, 500)).toEqual([]);
    return { status, value: JSON.parse(text) as T };
  }

  list(query: Readonly<Record<string, string | number>> = {}): Promise<Reply<Listed>> {
    const parameters = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
    return this.ask('GET', `/entries?${new URLSearchParams(parameters)}`);
  }

  async rows(query: Readonly<Record<string, string | number>> = {}): Promise<readonly EntryRowJson[]> {
    const { value } = await this.list(query);
    return value.entries;
  }

  async show(key: string): Promise<EntryJson> {
    return (await this.ask<EntryJson>('GET', `/entries/${key}`)).value;
  }

  async purge(body: object): Promise<Purged> {
    return (await this.ask<Purged>('POST', '/purge', { body })).value;
  }
}
