/**
 * What is asked of the thread that owns the books' file.
 */
import type { Row } from './row.ts';
import type { Stats } from './stats.ts';

export type BooksCall =
  /** Opens the file, or finds why it cannot. */
  | { readonly act: 'open'; readonly now: number }
  | { readonly act: 'add'; readonly rows: readonly Row[]; readonly now: number }
  /** @param waiting what is yet to be added */
  | { readonly act: 'stats'; readonly today: string; readonly now: number; readonly waiting: readonly Row[] }
  | { readonly act: 'close' };

export interface BooksAnswers {
  readonly open: undefined;
  readonly add: undefined;
  readonly stats: Stats;
  readonly close: undefined;
}
