/**
 * A folder for one test's cassette, and stores over it as several processes would have them. All are closed, and the
 * folder is gone, when the test is over.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { CassetteStore, type CassetteStoreOptions } from '../../src/cassette/cassette-store.ts';
import { entryOf } from '../../src/cassette/exchange-entry.ts';
import { ExchangeKeyer } from '../../src/cassette/exchange-key.ts';
import type { RecordedExchange } from '../../src/cassette/recorded-exchange.ts';
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { sampleKey } from '../../src/store/sample-key.ts';

export const KEY_OPTIONS = { ignore: [], include: [], bypass: [], scopeHeaders: [] };
const KEYER = new ExchangeKeyer(KEY_OPTIONS);

export function keyOf({ request, sample }: RecordedExchange): string {
  return sampleKey(KEYER.key(request).key, sample);
}

export interface CassetteFolder {
  readonly path: string;
  readonly lines: readonly { readonly level: string; readonly msg: string }[];
  /** Begins to read the file. */
  open(options?: Partial<CassetteStoreOptions>): CassetteStore;
  /** Opens the cassette, records these, and closes it. */
  record(...exchanges: readonly RecordedExchange[]): Promise<void>;
  write(text: string): void;
  /** Null where there is none. */
  text(suffix?: string): string | null;
}

export function createCassetteFolder(): CassetteFolder {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-cassette-'));
  const path = join(folder, 'llm.cassette');
  const lines: { level: string; msg: string }[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const stores: CassetteStore[] = [];
  onTestFinished(async () => {
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = (options: Partial<CassetteStoreOptions> = {}) => {
    const all = { path, isReadOnly: false, keyOptions: KEY_OPTIONS, clock: systemClock, log, ...options };
    const store = new CassetteStore(all);
    stores.push(store);
    return store;
  };
  return {
    path,
    lines,
    open,
    async record(...exchanges) {
      const store = open();
      await store.loaded;
      for (const exchange of exchanges) recordIn(store, exchange);
      await store.close();
    },
    write: (text) => writeFileSync(path, text),
    text: (suffix = '') => (existsSync(path + suffix) ? readFileSync(path + suffix, 'utf8') : null),
  };
}

export function recordIn(store: CassetteStore, exchange: RecordedExchange): void {
  const { request } = KEYER.key(exchange.request);
  store.record(exchange, keyOf(exchange), entryOf(exchange, request, Date.UTC(2026, 0, 1)));
}
