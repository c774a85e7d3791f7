/**
 * What is asked of the thread that owns the books' file.
 */
import type { Reason } from './reasons.ts';
import type { UsageRow } from './row.ts';
import type { Stats } from './stats.ts';

/** Rows and reasons that are not in the file. */
export interface PendingRows {
  readonly rows: readonly UsageRow[];
  readonly reasons: readonly Reason[];
}

export type BooksCall =
  /** Opens the file, or finds why it cannot. */
  | { readonly act: 'open'; readonly now: number }
  | {
      readonly act: 'add';
      readonly rows: readonly UsageRow[];
      readonly reasons: readonly Reason[];
      readonly now: number;
    }
  /** @param waiting what is yet to be added */
  | { readonly act: 'stats'; readonly today: string; readonly now: number; readonly waiting: PendingRows }
  | { readonly act: 'close' };

export interface BooksAnswers {
  readonly open: undefined;
  readonly add: undefined;
  readonly stats: Stats;
  readonly close: undefined;
}
