/**
 * What the main thread knows of the file without asking: which keys it lacks.
 * Learnt once nobody else has written to the file for a while, and good for a
 * second after the file last said that nobody has. Where somebody does, the
 * file is asked.
 */
import type { Clock } from '../clock.ts';
import { KeyFilter } from './key-filter.ts';
import type { Lesson, FilterState } from './sqlite-keys.ts';

/** How long nobody else must have written before the keys are learnt. */
const ALONE_MS = 10_000;
/** How long after the last time they are learnt again. */
const AGAIN_MS = 60_000;
/** How long somebody else may have written unnoticed. */
const TRUST_MS = 1_000;

export class KnownKeys {
  readonly #clock: Clock;
  /** Undefined where the file failed. */
  readonly #learnMore: () => Promise<Lesson | undefined>;
  #filter: KeyFilter | null = null;
  #heardAt = -Infinity;
  #aloneSince = Infinity;
  #learntAt = -Infinity;

  constructor(clock: Clock, learnMore: () => Promise<Lesson | undefined>) {
    this.#clock = clock;
    this.#learnMore = learnMore;
  }

  lacks(key: string): boolean {
    return this.#filter !== null && this.#clock.now() - this.#heardAt <= TRUST_MS && !this.#filter.mayHave(key);
  }

  /** The file was opened, has failed, or somebody else has written to it. */
  forget(): void {
    this.#filter = null;
    this.#aloneSince = this.#clock.now();
  }

  committed({ isAlone, isKnown }: FilterState): void {
    if (!isAlone) return this.forget();
    if (!isKnown) this.#filter = null;
    const now = this.#clock.now();
    this.#heardAt = now;
    if (this.#filter !== null || now - this.#aloneSince < ALONE_MS || now - this.#learntAt < AGAIN_MS) return;
    this.#learntAt = now;
    void this.#learn();
  }

  /** Step by step, so that lookups go between. */
  async #learn(): Promise<void> {
    let lesson = await this.#learnMore();
    while (lesson?.isOver === false) lesson = await this.#learnMore();
    if (!lesson?.memory) return this.forget();
    this.#filter = new KeyFilter(lesson.memory);
    this.#heardAt = this.#clock.now();
  }
}
