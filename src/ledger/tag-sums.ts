/**
 * The sums by tag that are not in the file: of each hour, for a request with several tags under each. Bounded: a day
 * tells so many tags apart, what is too old goes, and of too many rows the oldest lose their names.
 */
import { addSums, beginOf, type IntervalRow, KEPT } from './interval.ts';
import { BoundedNames, OTHER } from './names.ts';
import { OpenInterval, type TimedRequest } from './open-interval.ts';
import type { Amounts } from './row.ts';

/** Tags that are told apart on one day. */
export const MOST_TAGS = 1_000;
const MOST_ROWS = 20_000;

const DAY = 86_400;

export class TagSums {
  readonly #names: BoundedNames;
  readonly #mostRows: number;
  readonly #open = new Map<string, OpenInterval>();
  /** When the hour under way began, in seconds since the epoch. */
  #hour = Number.NaN;
  #rows = new Map<string, IntervalRow>();

  constructor(mostTags = MOST_TAGS, mostRows = MOST_ROWS) {
    this.#names = new BoundedNames(mostTags);
    this.#mostRows = mostRows;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#open.size === 0;
  }

  get rows(): Iterable<IntervalRow> {
    this.#settle();
    return this.#rows.values();
  }

  /** @param time in milliseconds since the epoch */
  add(time: number, tags: readonly string[], counted: TimedRequest, amounts: Amounts): void {
    const hour = beginOf('hour', Math.floor(time / 1_000));
    if (hour !== this.#hour) this.#begin(hour);
    // Two that have no room are one name, under which the request counts once.
    for (const name of new Set(tags.map((tag) => this.#names.of(tag)))) {
      let open = this.#open.get(name);
      if (!open) this.#open.set(name, (open = new OpenInterval()));
      open.add(counted, amounts);
    }
  }

  clear(): void {
    this.#open.clear();
    this.#rows = new Map();
  }

  /** Rows that were taken, and have not come where they should. */
  restore(rows: readonly IntervalRow[]): void {
    for (const { time, name, sums } of rows) this.#put(time, name, sums);
    this.#bound();
  }

  #begin(hour: number): void {
    this.#settle();
    if (Math.floor(hour / DAY) !== Math.floor(this.#hour / DAY)) this.#names.forget();
    this.#hour = hour;
    this.#bound();
  }

  /** Makes rows of what is open. */
  #settle(): void {
    for (const [name, interval] of this.#open) this.#put(this.#hour, name, interval.sums());
    this.#open.clear();
  }

  #put(time: number, name: string, more: IntervalRow['sums']): void {
    const key = `${time} ${name}`;
    let row = this.#rows.get(key);
    if (!row) this.#rows.set(key, (row = { resolution: 'hour', time, by: 'tag', name, sums: {} }));
    addSums(row.sums, more);
  }

  #bound(): void {
    for (const [key, { time }] of this.#rows) if (time < this.#hour - KEPT.hour) this.#rows.delete(key);
    if (this.#rows.size <= this.#mostRows) return;
    const named = [...this.#rows].filter(([, { name }]) => name !== OTHER).sort(([, a], [, b]) => a.time - b.time);
    for (const [key, { time, sums }] of named.slice(0, this.#rows.size - this.#mostRows)) {
      this.#rows.delete(key);
      this.#put(time, OTHER, sums);
    }
  }
}
