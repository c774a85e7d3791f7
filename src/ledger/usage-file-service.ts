/**
 * The file of the usage ledger, as a service of the thread that owns it, which
 * has the store's file too: nothing here takes long.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { FileNews } from '../store/file-news.ts';
import { checkVersion, SqliteDatabase } from '../store/sqlite-database.ts';
import { USAGE_MARK } from '../store/sqlite-mark.ts';
import type { IntervalRow } from './interval.ts';
import type { Reason } from './reasons.ts';
import { readReasons } from './reasons-table.ts';
import type { UsageRow } from './row.ts';
import { SeriesReading } from './series-reading.ts';
import { type Stats, StatsSums } from './stats.ts';
import type { SeriesQuery, TimeSeries } from './time-series.ts';
import { USAGE_VERSION, UsageTables, readRowsBehind } from './usage-tables.ts';

/** Rows, reasons and intervals that are not in the file. */
export interface PendingRows {
  readonly rows: readonly UsageRow[];
  readonly reasons: readonly Reason[];
  readonly intervals: readonly IntervalRow[];
}

export type UsageFileService = ReturnType<typeof createService>;

/** How many rows one call sums up: some 7 ms. */
const SLICE_ROWS = 2_000;
/** How long another process may hold the file: half of what a lookup in the store's may take. */
const BUSY_MS = 500;

interface Tables {
  readonly database: DatabaseSync;
  /** Null in a file that may only be read. */
  readonly tables: UsageTables | null;
}

export function createService({ path }: { readonly path: string }, onNews: (news: FileNews) => void) {
  const file = new SqliteDatabase<Tables>({
    path,
    mark: USAGE_MARK,
    busyMs: BUSY_MS,
    layOut: (database) => ({ database, tables: new UsageTables(database) }),
    readOnly(database) {
      checkVersion(database, USAGE_VERSION);
      return { database, tables: null };
    },
    onNews,
  });
  /** The sums of a reading under way, and the last row in them. */
  let reading: { readonly sums: StatsSums; last: UsageRow | null } | null = null;

  let seriesReading: SeriesReading | null = null;

  /** Opens the file at its first use, and again after each failure and where another has taken its place. */
  function withTables<T>(now: number, act: (tables: Tables) => T): T {
    return file.withRecovery(now, () => {
      if (!file.isOpen) file.connect();
      else file.follow();
      return act(file.tables);
    });
  }

  return {
    /** Finds why the file cannot be opened, where it cannot. */
    open: (now: number) => withTables(now, () => {}),
    add(now: number, { rows, reasons, intervals }: PendingRows): void {
      // It may be writable by now.
      if (file.unwritable) file.release();
      withTables(now, ({ tables }) => {
        if (tables === null) throw Object.assign(new Error(file.unwritable?.message), { code: 'SQLITE_READONLY' });
        tables.add(rows, reasons, intervals);
      });
    },
    /** Begins to sum up. @param waiting what is yet to be added, and is not until this is over */
    sumUp(today: string, waiting: PendingRows): void {
      reading = { sums: new StatsSums(today), last: null };
      reading.sums.add(waiting.rows, waiting.reasons);
    },
    /** Goes on with it. @returns null unless that was all */
    stats(now: number): Stats | null {
      return withTables(now, ({ database }) => {
        if (reading === null) throw new Error('nothing is summed up');
        const rows = readRowsBehind(database, reading.last, SLICE_ROWS);
        const isOver = rows.length < SLICE_ROWS;
        reading.sums.add(rows, isOver ? readReasons(database) : []);
        reading.last = rows.at(-1) ?? null;
        if (!isOver) return null;
        const stats = reading.sums.stats();
        reading = null;
        return stats;
      });
    },
    /** Begins to read a series. @param waiting what is yet to be added, and is not until this is over */
    readSeries(query: SeriesQuery, waiting: PendingRows): void {
      seriesReading = new SeriesReading(query, waiting.intervals);
    },
    /** Goes on with it. @returns null unless that was all */
    series(now: number): TimeSeries | null {
      return withTables(now, ({ database }) => {
        if (seriesReading === null) throw new Error('no series is read');
        return seriesReading.next(database);
      });
    },
    close: () => file.close(),
  };
}
