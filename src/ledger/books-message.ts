/**
 * What is asked of the thread that owns the books' file.
 */
import type { Reason } from './reasons.ts';
import type { Row } from './row.ts';
import type { Stats } from './stats.ts';

export type BooksCall =
  | { readonly act: 'add'; readonly rows: readonly Row[]; readonly reasons: readonly Reason[]; readonly now: number }
  | { readonly act: 'stats'; readonly today: string; readonly now: number }
  | { readonly act: 'close' };

export interface BooksAnswers {
  readonly add: undefined;
  readonly stats: Stats;
  readonly close: undefined;
}
