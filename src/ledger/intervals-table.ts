/**
 * The intervals in the file of the usage ledger: what the SQL is. Called within the transactions of `usage-tables`.
 *
 * A minute that is added is added to its hour, too. Kept from growing: by age, by the models and scopes that one
 * interval tells apart, and in rows.
 */
import type { DatabaseSync } from 'node:sqlite';
import { hasTable } from '../store/sqlite-database.ts';
import {
  addSums,
  beginOf,
  type By,
  type IntervalKind,
  type IntervalRow,
  KEPT,
  LENGTH,
  type Resolution,
  requestsOf,
} from './interval.ts';
import { MOST_OF_INTERVAL } from './interval-sums.ts';
import { BoundedNames, OTHER } from './names.ts';
import { MOST_TAGS } from './tag-sums.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS intervals (
    seconds INTEGER NOT NULL, kind TEXT NOT NULL, time INTEGER NOT NULL, name TEXT NOT NULL, sums TEXT NOT NULL,
    PRIMARY KEY (seconds, kind, time, name)
  ) STRICT, WITHOUT ROWID;
`;

const GET = 'SELECT sums FROM intervals WHERE seconds = ? AND kind = ? AND time = ? AND name = ?';
const PUT = 'INSERT OR REPLACE INTO intervals (seconds, kind, time, name, sums) VALUES (?, ?, ?, ?, ?)';
const OF_TIME = 'SELECT name, sums FROM intervals WHERE seconds = ? AND kind = ? AND time = ?';
const DROP = 'DELETE FROM intervals WHERE seconds = ? AND kind = ? AND time = ? AND name = ?';
const EXPIRE = 'DELETE FROM intervals WHERE seconds = ? AND kind = ? AND time < ?';
const COUNT = 'SELECT count(*) AS rows FROM intervals WHERE seconds = ? AND kind = ?';
/** The time of one of the oldest rows, by how many are older. */
const NTH = 'SELECT time FROM intervals WHERE seconds = ? AND kind = ? ORDER BY time LIMIT 1 OFFSET ?';

/**
 * Of the models and of the scopes, some 300 bytes each: 20 of them in all hours, 10 in all minutes. Of the tags, which
 * are by the hour alone: as many as a day tells apart, an hour of each on all days.
 */
const MOST_ROWS = { minute: 15_000, hour: 46_000 } as const satisfies Record<Resolution, number>;
const MOST_TAG_ROWS = 90_000;
const BYS: readonly By[] = ['all', 'model', 'scope', 'tag'];

const DAY = 86_400;
const TAGS_OF_DAY = "SELECT DISTINCT name FROM intervals WHERE seconds = ? AND kind = 'tag' AND time >= ? AND time < ?";

export class IntervalsTable {
  readonly #database: DatabaseSync;
  readonly #mostRows: Readonly<Record<Resolution, number>>;
  readonly #get;
  readonly #put;
  /** The hour that came last: with each other one, what is too old goes, though a clock was ahead before. */
  #hour = -Infinity;
  /** The tags of the day that came last. */
  #tags = { day: Number.NaN, names: new BoundedNames(MOST_TAGS) };

  constructor(database: DatabaseSync, mostRows: Readonly<Record<Resolution, number>> = MOST_ROWS) {
    this.#database = database;
    this.#mostRows = mostRows;
    database.exec(SCHEMA);
    this.#get = database.prepare(GET);
    this.#put = database.prepare(PUT);
  }

  add(rows: readonly IntervalRow[]): void {
    for (const row of rows) {
      this.#add(row.by === 'tag' ? { ...row, name: this.#tagOf(row) } : row);
      if (row.resolution === 'minute') this.#add({ ...row, resolution: 'hour', time: beginOf('hour', row.time) });
    }
    const hour = rows.reduce((last, { time }) => Math.max(last, beginOf('hour', time)), -Infinity);
    if (rows.length === 0 || hour === this.#hour) return;
    this.#hour = hour;
    this.#bound(hour);
  }

  #add({ resolution, by, time, name, sums }: IntervalRow): void {
    const key = [LENGTH[resolution], by, time, name] as const;
    const before = this.#get.get(...key);
    const all = before ? (JSON.parse(before.sums as string) as IntervalRow['sums']) : {};
    addSums(all, sums);
    this.#put.run(...key, JSON.stringify(all));
    if (!before && (by === 'model' || by === 'scope')) this.#foldNames(resolution, by, time);
  }

  /** The name to count a tag under: the first of a day have one to themselves. */
  #tagOf({ time, name }: IntervalRow): string {
    const day = time - (time % DAY);
    if (day !== this.#tags.day) {
      const known = this.#database.prepare(TAGS_OF_DAY).all(LENGTH.hour, day, day + DAY);
      const names = known.map((row) => row.name as string).filter((each) => each !== OTHER);
      this.#tags = { day, names: new BoundedNames(MOST_TAGS, names) };
    }
    return name === OTHER ? OTHER : this.#tags.names.of(name);
  }

  /** Of one interval the names with the most requests stay; twice as many may be there before that is looked at. */
  #foldNames(resolution: Resolution, by: By, time: number): void {
    const rows = this.#database.prepare(OF_TIME).all(LENGTH[resolution], by, time);
    const named = rows.filter(({ name }) => name !== OTHER && name !== '');
    if (named.length <= 2 * MOST_OF_INTERVAL) return;
    const read = named.map(({ name, sums }) => ({ name: name as string, sums: JSON.parse(sums as string) }));
    const fewest = read.sort((a, b) => requestsOf(b.sums) - requestsOf(a.sums)).slice(MOST_OF_INTERVAL);
    for (const { name, sums } of fewest) {
      this.#database.prepare(DROP).run(LENGTH[resolution], by, time, name);
      this.#add({ resolution, by, time, name: OTHER, sums });
    }
  }

  /** @param now the newest hour, in seconds since the epoch */
  #bound(now: number): void {
    const [expire, count, nth] = [EXPIRE, COUNT, NTH].map((sql) => this.#database.prepare(sql));
    for (const resolution of ['minute', 'hour'] as const) {
      const seconds = LENGTH[resolution];
      for (const by of BYS) {
        expire?.run(seconds, by, now - KEPT[resolution]);
        const most = by === 'tag' ? MOST_TAG_ROWS : this.#mostRows[resolution];
        const excess = (count?.get(seconds, by)?.rows as number) - most;
        if (by === 'all' || excess <= 0) continue;
        expire?.run(seconds, by, nth?.get(seconds, by, excess)?.time as number);
      }
    }
  }
}

/** The rows of a resolution and kind that a reading goes through, in the order of time. */
export interface IntervalRange extends Pick<IntervalKind, 'resolution' | 'by'> {
  /** In seconds since the epoch: the first and the last interval. */
  readonly from: number;
  readonly to: number;
}

const RANGE = `
  SELECT time, name, sums FROM intervals
  WHERE seconds = ? AND kind = ? AND (time, name) > (?, ?) AND time <= ? ORDER BY time, name LIMIT ?
`;

/** The next rows behind one; none of a file that is older than the table. @param last null at the beginning */
export function readIntervals(
  database: DatabaseSync,
  { resolution, by, from, to }: IntervalRange,
  last: Pick<IntervalRow, 'time' | 'name'> | null,
  limit: number,
): IntervalRow[] {
  if (!hasTable(database, 'intervals')) return [];
  const behind = last ?? { time: beginOf(resolution, from) - 1, name: '\u{10ffff}' };
  return database
    .prepare(RANGE)
    .all(LENGTH[resolution], by, behind.time, behind.name, to, limit)
    .map(({ time, name, sums }) => ({
      resolution,
      by,
      time: time as number,
      name: name as string,
      sums: JSON.parse(sums as string),
    }));
}

/** The times at which the first and the last interval began, in seconds since the epoch; null where there is none. */
export function spanOf(database: DatabaseSync, { resolution }: Pick<IntervalRange, 'resolution'>): KeptRange | null {
  if (!hasTable(database, 'intervals')) return null;
  const row = database
    .prepare("SELECT min(time) AS first, max(time) AS last FROM intervals WHERE seconds = ? AND kind = 'all'")
    .get(LENGTH[resolution]);
  return row && row.first !== null ? { first: row.first as number, last: row.last as number } : null;
}

export interface KeptRange {
  readonly first: number;
  readonly last: number;
}
