/**
 * The files of a proxy that does not run. Nothing in them is changed.
 */
import { existsSync } from 'node:fs';
import { readBillQuery } from '../admin/bill-query.ts';
import { readListing } from '../admin/criteria.ts';
import { writeCursor } from '../admin/cursor.ts';
import { explainDocument } from '../admin/explain.ts';
import { findRow } from '../admin/find-row.ts';
import { entryJson, entryRowJson, type PriceOf } from '../admin/entry-json.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { variableName } from '../config/setting.ts';
import { ConfigError, RefrainError } from '../errors.ts';
import { unknownEntry } from '../admin/errors.ts';
import { inDollars, readPrices } from '../ledger/prices.ts';
import { usagePath } from '../ledger/usage-file.ts';
import { billOf } from '../ledger/bill.ts';
import { readSeriesFile, readUsageFile } from '../ledger/read-usage-file.ts';
import { createRules } from '../rules.ts';
import { givenSecret, peekSecret } from '../secret.ts';
import type { Unopened } from '../store/encryption.ts';
import { SqliteReader } from '../store/sqlite-reader.ts';
import { failureOf } from '../thread/failure.ts';
import type { ProxyData } from './proxy-data.ts';
import { CommandError, refusal } from './failure.ts';

/**
 * @param path the file of the store
 * @param why no proxy is asked
 * @param note prints in one line which file is read
 */
export function dataInFiles(config: Config, path: string, why: string, note: (line: string) => void): ProxyData {
  const now = systemClock.now();
  const ledger = usagePath(path);
  const prices = readPrices();
  const priceOf: PriceOf = (model, usage) => inDollars(prices.nanoDollars(model, usage));
  let isSaid = false;
  let isReadInPart = false;
  const read = async <T>(file: string, act: () => T | Promise<T>): Promise<T> => {
    if (!existsSync(file)) throw new CommandError(`${why}, and there is no ${file}`);
    if (!isSaid) note(`refrain: ${why}; reading ${file}`);
    isSaid = true;
    return readOrRefuse(file, act);
  };
  const inStore = <T>(act: (store: SqliteReader) => Promise<T>) =>
    read(path, () => readStore(path, givenSecret(config), act));
  return {
    stats: () => read(ledger, () => readUsageFile(ledger, now)),
    bill: (query) =>
      read(ledger, async () => ({
        node: null,
        ...(await billOf(readBillQuery(query, now), now, (series) => readSeriesFile(ledger, series))),
      })),
    explain: (text) =>
      inStore((store) => {
        const rules = createRules(config, peekSecret(config));
        return explainDocument(rules, store, text);
      }),
    page: (query) =>
      inStore(async (store) => {
        const listing = readListing(query, now);
        const { rows, next } = await store.list(listing);
        const left =
          query['text'] === undefined
            ? 'questions that are encrypted are not shown'
            : 'what is encrypted was not searched';
        if (store.unopened && !isReadInPart) note(`refrain: ${left}; ${GIVE_SECRET}`);
        isReadInPart ||= store.unopened !== null;
        return {
          entries: rows.map((row) => entryRowJson(row, now, priceOf)),
          next: next && writeCursor(listing.sort, next),
        };
      }),
    entry: (key) =>
      inStore(async (store) => {
        const row = await findRow(store, key);
        const entry = await store.read(row.key);
        if (entry === undefined) throw store.unopened ? sealed(row.key, store.unopened) : unknownEntry(row.key);
        return entryJson(row, entry, now, priceOf);
      }),
  };
}

const GIVE_SECRET = `give its secret by ${variableName('secretFile')} or ${variableName('secret')}`;

function sealed(key: string, why: Unopened): CommandError {
  return new CommandError(
    why === 'altered'
      ? `${key} is encrypted, and not as it was written`
      : `${key} is encrypted by a secret that is not given here; ${GIVE_SECRET}`,
  );
}

async function readOrRefuse<T>(file: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof CommandError || error instanceof ConfigError) throw error;
    if (error instanceof RefrainError) throw refusal(error.code, error.message);
    const { code, message } = failureOf(error);
    if (code === 'NOT_OURS') throw new CommandError(`${file} is not Refrain's: ${message}`);
    const reason = code === 'OTHER_SCHEMA' ? `${message}, which is another Refrain's` : code;
    throw new CommandError(`${file} cannot be read (${reason})`);
  }
}

async function readStore<T>(
  path: string,
  secret: Uint8Array | null,
  act: (store: SqliteReader) => Promise<T>,
): Promise<T> {
  const store = new SqliteReader(path, secret);
  try {
    return await act(store);
  } finally {
    store.close();
  }
}
