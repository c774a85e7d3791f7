/**
 * The intervals that are not in the file: those of the last second, or all of them where there is no file. Bounded: an
 * interval tells so many models and scopes apart, minutes become hours, and where there are too many rows the oldest
 * lose their names. Tags are summed beside them, by the hour.
 */
import { addSums, beginOf, type IntervalKind, type IntervalRow, KEPT, LENGTH } from './interval.ts';
import { BoundedNames } from './names.ts';
import { type TimedRequest, OpenInterval } from './open-interval.ts';
import type { Amounts, RowKind } from './row.ts';
import { TagSums } from './tag-sums.ts';

/** Models, and scopes, that are told apart in one interval. */
export const MOST_OF_INTERVAL = 20;
const MOST_ROWS = 6_000;

/** The requests of one scope for one model. */
interface Open {
  readonly model: string;
  readonly scope: string;
  readonly interval: OpenInterval;
}

export class IntervalSums {
  readonly #mostRows: number;
  readonly #models = new BoundedNames(MOST_OF_INTERVAL);
  readonly #scopes = new BoundedNames(MOST_OF_INTERVAL);
  readonly #open = new Map<string, Open>();
  /** The one that was added to last. */
  #last: Open | null = null;
  /** When the minute began, in seconds since the epoch, and in ms. */
  #minute = Number.NaN;
  #minuteMs = Number.NaN;
  #rows = new Map<string, IntervalRow>();
  readonly #tags = new TagSums();

  constructor(mostRows = MOST_ROWS) {
    this.#mostRows = mostRows;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#open.size === 0 && this.#tags.isEmpty;
  }

  /** All rows: of minutes, and of the hours whose minutes are no more. */
  get rows(): Iterable<IntervalRow> {
    this.#settle();
    return [...this.#rows.values(), ...this.#tags.rows];
  }

  /** @param time in milliseconds since the epoch */
  add(time: number, { model, scope }: Pick<RowKind, 'model' | 'scope'>, counted: TimedRequest, amounts: Amounts): void {
    if (!(time >= this.#minuteMs && time < this.#minuteMs + LENGTH.minute * 1_000)) this.#begin(time);
    let open = this.#last;
    if (open === null || open.model !== model || open.scope !== scope) this.#last = open = this.#openOf(model, scope);
    open.interval.add(counted, amounts);
  }

  addTagged(time: number, tags: readonly string[], counted: TimedRequest, amounts: Amounts): void {
    this.#tags.add(time, tags, counted, amounts);
  }

  /** All rows, which are gone from here. */
  take(): IntervalRow[] {
    const rows = [...this.rows];
    this.#rows = new Map();
    this.#tags.clear();
    return rows;
  }

  /** Rows that were taken, and have not come where they should. */
  restore(rows: readonly IntervalRow[]): void {
    for (const row of rows) if (row.by !== 'tag') this.#put(row, row.sums);
    this.#tags.restore(rows.filter(({ by }) => by === 'tag'));
    this.#bound();
  }

  #begin(time: number): void {
    this.#settle();
    this.#minute = beginOf('minute', Math.floor(time / 1_000));
    this.#minuteMs = this.#minute * 1_000;
    this.#bound();
  }

  #openOf(model: string, scope: string): Open {
    const key = `${scope} ${model}`;
    const known = this.#open.get(key);
    if (known) return known;
    const names = { model: this.#models.of(model), scope: this.#scopes.of(scope) };
    const isBounded = names.model === model && names.scope === scope;
    // Each counts under the name that it has room for, which may be that of all others.
    const open = isBounded ? { ...names, interval: new OpenInterval() } : this.#openOf(names.model, names.scope);
    if (isBounded) this.#open.set(key, open);
    return isBounded ? open : { model, scope, interval: open.interval };
  }

  /** Makes rows of what is open. */
  #settle(): void {
    for (const { model, scope, interval } of this.#open.values()) {
      const sums = interval.sums();
      const names = { all: '', model, scope };
      for (const by of ['all', 'model', 'scope'] as const)
        this.#put({ resolution: 'minute', time: this.#minute, by, name: names[by] }, sums);
    }
    this.#open.clear();
    this.#last = null;
    this.#models.forget();
    this.#scopes.forget();
  }

  #put({ resolution, time, by, name }: IntervalKind, more: IntervalRow['sums']): void {
    const key = `${resolution} ${time} ${by} ${name}`;
    let row = this.#rows.get(key);
    if (!row) this.#rows.set(key, (row = { resolution, time, by, name, sums: {} }));
    addSums(row.sums, more);
  }

  /** Minutes of more than a day ago become hours, the oldest hours go, and beyond the bound the oldest names. */
  #bound(): void {
    for (const [key, row] of this.#rows) {
      const { resolution, time, sums } = row;
      if (time >= this.#minute - KEPT[resolution]) continue;
      this.#rows.delete(key);
      if (resolution === 'minute') this.#put({ ...row, resolution: 'hour', time: beginOf('hour', time) }, sums);
    }
    if (this.#rows.size <= this.#mostRows) return;
    const named = [...this.#rows].filter(([, { by }]) => by !== 'all').sort(([, a], [, b]) => a.time - b.time);
    for (const [key] of named.slice(0, this.#rows.size - this.#mostRows)) this.#rows.delete(key);
  }
}
