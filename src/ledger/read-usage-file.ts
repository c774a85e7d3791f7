/**
 * The usage ledger of a proxy that does not run, read from its file.
 */
import { existsSync } from 'node:fs';
import { openReadOnly } from '../store/read-only.ts';
import { checkVersion, hasTable } from '../store/sqlite-database.ts';
import { USAGE_MARK, checkMark } from '../store/sqlite-mark.ts';
import { USAGE_VERSION, readRows } from './usage-tables.ts';
import { readReasons } from './reasons-table.ts';
import { dayOf } from './row.ts';
import { type Stats, summarize } from './stats.ts';

/**
 * Writes nothing, and makes no file.
 * @param now in milliseconds since the epoch
 * @returns what there is: nothing where there is no file, or one that nobody has written yet
 * @throws what SQLite throws, `OtherSchemaError` or `NotOursError`
 */
export function readUsageFile(path: string, now: number): Stats {
  const today = dayOf(now);
  if (!existsSync(path)) return summarize([], today, []);
  checkMark(path, USAGE_MARK);
  const database = openReadOnly(path);
  try {
    checkVersion(database, USAGE_VERSION);
    return summarize(hasTable(database, 'books') ? readRows(database) : [], today, readReasons(database));
  } finally {
    database.close();
  }
}
