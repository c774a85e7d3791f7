/**
 * Rows that are not in the file: those of the last second, or all of them
 * where there is no file. Bounded: names beyond the bound count as one, and
 * where there are too many rows, the oldest day's are drawn together.
 */
import { BoundedNames, OTHER } from './names.ts';
import { addTo, type Amounts, type RowKind, noAmounts, type UsageRow } from './row.ts';

export const MOST_NAMES = 1_000;
const MOST_ROWS = 20_000;

export class Sums {
  readonly #models: BoundedNames;
  readonly #scopes: BoundedNames;
  readonly #mostRows: number;
  #day = '';
  #rows = new Map<string, UsageRow>();

  /** @param mostNames of models, and of scopes, that are told apart on one day */
  constructor(mostNames = MOST_NAMES, mostRows = MOST_ROWS) {
    this.#models = new BoundedNames(mostNames);
    this.#scopes = new BoundedNames(mostNames);
    this.#mostRows = mostRows;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  get rows(): Iterable<UsageRow> {
    return this.#rows.values();
  }

  add(kind: RowKind, amounts: Amounts): void {
    if (kind.day !== this.#day) this.#begin(kind.day);
    this.#put(kind, this.#scopes.of(kind.scope), this.#models.of(kind.model), amounts);
    this.#bound();
  }

  /** All rows, which are gone from here. */
  take(): UsageRow[] {
    const rows = [...this.#rows.values()];
    this.#rows = new Map();
    return rows;
  }

  /** Rows that were taken, and have not come where they should. */
  restore(rows: readonly UsageRow[]): void {
    for (const row of rows) this.#put(row, row.scope, row.model, row);
    this.#bound();
  }

  #begin(day: string): void {
    this.#day = day;
    this.#models.forget();
    this.#scopes.forget();
  }

  #put({ day, endpoint, outcome }: RowKind, scope: string, model: string, amounts: Amounts): void {
    const key = `${day} ${endpoint} ${outcome} ${scope} ${model}`;
    let row = this.#rows.get(key);
    if (!row) this.#rows.set(key, (row = { ...noAmounts(), day, scope, endpoint, model, outcome }));
    addTo(row, amounts);
  }

  #bound(): void {
    while (this.#rows.size > this.#mostRows && this.#drawTogether());
  }

  /** Takes from the rows of the oldest day who asked, and for which model. @returns whether there were such rows */
  #drawTogether(): boolean {
    const named = [...this.#rows].filter(([, { scope, model }]) => scope !== OTHER || model !== OTHER);
    const oldest = named.reduce((first, [, { day }]) => (day < first ? day : first), this.#day);
    for (const [key, row] of named) {
      if (row.day !== oldest) continue;
      this.#rows.delete(key);
      this.#put(row, OTHER, OTHER, row);
    }
    return named.length > 0;
  }
}
