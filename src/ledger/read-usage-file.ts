/**
 * The usage ledger of a proxy that does not run, read from its file.
 */
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openReadOnly } from '../store/read-only.ts';
import { checkVersion, hasTable } from '../store/sqlite-database.ts';
import { USAGE_MARK, checkMark } from '../store/sqlite-mark.ts';
import { USAGE_VERSION, readRows } from './usage-tables.ts';
import { readReasons } from './reasons-table.ts';
import { dayOf } from './row.ts';
import { SeriesReading, seriesOf } from './series-reading.ts';
import { type Stats, summarize } from './stats.ts';
import type { SeriesQuery, TimeSeries } from './time-series.ts';

/**
 * Writes nothing, and makes no file.
 * @param now in milliseconds since the epoch
 * @returns what there is: nothing where there is no file, or one that nobody has written yet
 * @throws what SQLite throws, `OtherSchemaError` or `NotOursError`
 */
export function readUsageFile(path: string, now: number): Stats {
  const today = dayOf(now);
  const read = (database: DatabaseSync) =>
    summarize(hasTable(database, 'books') ? readRows(database) : [], today, readReasons(database));
  return inFile(path, read) ?? summarize([], today, []);
}

/** The same of a series. */
export function readSeriesFile(path: string, query: SeriesQuery): TimeSeries {
  const read = (database: DatabaseSync) => {
    const reading = new SeriesReading(query, []);
    for (;;) {
      const series = reading.next(database);
      if (series) return series;
    }
  };
  return inFile(path, read) ?? seriesOf(query, []);
}

/** @returns null where there is no file */
function inFile<T>(path: string, read: (database: DatabaseSync) => T): T | null {
  if (!existsSync(path)) return null;
  checkMark(path, USAGE_MARK);
  const database = openReadOnly(path);
  try {
    checkVersion(database, USAGE_VERSION);
    return read(database);
  } finally {
    database.close();
  }
}
