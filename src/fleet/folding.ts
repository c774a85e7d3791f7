/**
 * Pages that are folded: those of processes that have been silent for a day
 * become one, so that a board does not grow with each process that ever was.
 *
 * A fold has a number and names the pages that are in it. The highest counts,
 * and neither an older fold nor a page in it does: so the moment that a fold
 * is on the board, all at once, is the moment that it counts. Only then are
 * they taken from the board, and only when none is left is there another fold.
 */
import type { Board } from './hub.ts';
import { addUp, type Page, pageOf, textOf } from './page.ts';

/** The pages of a board. */
export interface Pages {
  /** Those that count, by name. */
  readonly counted: ReadonlyMap<string, Page>;
  /** The number of the newest fold; 0 where there is none. */
  readonly number: number;
  /** Names of pages that are in the newest fold, and of older folds. */
  readonly leftovers: readonly string[];
}

const SILENT_MS = 86_400_000;
const FOLD = /^fold:(\d{1,15})$/;

export function pagesOf(notes: ReadonlyMap<string, string>): Pages {
  const names = [...notes.keys()];
  const number = names.reduce((highest, name) => Math.max(highest, numberOf(name)), 0);
  const folded = new Set(pageOf(notes.get(nameOf(number)) ?? '')?.of);
  const isLeftover = (name: string) => folded.has(name) || (numberOf(name) > 0 && numberOf(name) < number);
  const counted = names.flatMap((name) => {
    const page = isLeftover(name) ? null : pageOf(notes.get(name) as string);
    return page === null ? [] : [[name, page] as const];
  });
  return { counted: new Map(counted), number, leftovers: names.filter(isLeftover) };
}

export class Folding {
  readonly #board: Board;
  /** The board at the last look: a page that has changed since is of a process that lives. */
  #last: ReadonlyMap<string, string> = new Map();

  constructor(board: Board) {
    this.#board = board;
  }

  /** Takes one step, if there is one to take. @param node that takes it */
  async step(node: string, now: number): Promise<void> {
    const notes = await this.#board.all();
    if (notes === null) return;
    const { counted, number, leftovers } = pagesOf(notes);
    const isUnchanged = (name: string) => notes.get(name) === this.#last.get(name);
    const silent = [...counted].filter(
      ([name, { at }]) => isUnchanged(name) && at <= now - SILENT_MS && !numberOf(name),
    );
    this.#last = notes;
    if (leftovers.length > 0) return void (await this.#board.remove(leftovers));
    const fold = counted.get(nameOf(number));
    // One that is not read is of a newer proxy, which folds.
    if (silent.length === 0 || (number > 0 && !fold)) return;
    const pages = [...(fold ? [fold] : []), ...silent.map(([, page]) => page)];
    const text = textOf({ node, at: now, of: silent.map(([name]) => name), ...addUp(pages, now) });
    await this.#board.agree(nameOf(number + 1), text);
  }
}

function nameOf(number: number): string {
  return `fold:${number}`;
}

/** 0 where it is not the name of a fold. */
function numberOf(name: string): number {
  return Number(FOLD.exec(name)?.[1] ?? 0);
}
