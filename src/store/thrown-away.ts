/**
 * The things thrown away since the start, by whomever, so that they stay away
 * where an older copy of the file takes the place of the one that took them.
 */
import type { Batch } from './write-buffer.ts';
import type { Purge } from './filter.ts';
import type { Gone } from './gone.ts';

/** How much is remembered one by one; beyond it, all that was kept until then is taken for thrown away. */
const REMEMBERED = 1_000;

export class ThrownAway {
  #gone: readonly Gone[] = [];

  /** @param now milliseconds since the epoch: what is stored later is not of it */
  note(gone: readonly Gone[], now: number): void {
    if (gone.length === 0) return;
    const dated = gone.map((each) => ('purge' in each ? { purge: endedBy(now, each.purge) } : each));
    const areTooMany = this.#gone.length + dated.length > REMEMBERED;
    this.#gone = areTooMany ? [{ purge: { storedUpTo: now } }] : [...this.#gone, ...dated];
  }

  get isNothing(): boolean {
    return this.#gone.length === 0;
  }

  /** All of it, as changes to a file. */
  batch(): Batch {
    const keys = this.#gone.flatMap((each) => ('key' in each ? each.key : []));
    return {
      purges: this.#gone.flatMap((each) => ('purge' in each ? { token: '', purge: each.purge } : [])),
      answers: new Set(this.#gone.flatMap((each) => ('answerId' in each ? each.answerId : []))),
      keys: new Map(keys.map((key) => [key, 'deleted'])),
    };
  }
}

function endedBy(now: number, purge: Purge): Purge {
  return { ...purge, storedUpTo: Math.min(purge.storedUpTo ?? now, now) };
}

/** The things that a batch throws away. */
export function goneBy({ purges, answers, keys }: Batch): Gone[] {
  return [
    ...purges.map(({ purge }) => ({ purge })),
    ...Array.from(answers, (answerId) => ({ answerId })),
    ...keys
      .entries()
      .filter(([, change]) => change === 'deleted')
      .map(([key]) => ({ key })),
  ];
}
