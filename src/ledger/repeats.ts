/**
 * A hint on equal requests of one client that come in a burst and share one answer: where their answers are drawn,
 * that may be taken for several. It is logged once, and nothing is counted from then on.
 */
import type { Log } from '../log.ts';
import { type IsFirst, writeOnce } from './hint-list.ts';

/** So many answers that were shared within this time, in ms, are a burst. */
const MANY = 4;
const WITHIN_MS = 1_000;
/** How many keys are counted at a time. */
const KEYS = 1_024;
/** The longest body, in bytes, that is read for its temperature. */
const READ = 1024 * 1024;

interface Body {
  readonly length: number;
  readonly bytes: Buffer;
}

interface Burst {
  readonly client: string;
  since: number;
  shared: number;
}

export class Repeats {
  readonly #log: Log;
  readonly #isFirst: IsFirst | null;
  readonly #bursts = new Map<string, Burst>();
  #isSaid = false;

  /** @param isFirst null where this process is alone */
  constructor(log: Log, isFirst: IsFirst | null = null) {
    this.#log = log;
    this.#isFirst = isFirst;
  }

  /**
   * An answer was shared: one that is kept, or on its way.
   * @param client names its credential at the upstream
   * @param askedAt ms
   * @returns true where it makes a burst, once for each: `explain` is to be called
   */
  shared(key: string, client: string, askedAt: number): boolean {
    if (this.#isSaid) return false;
    const burst = this.#bursts.get(key);
    if (burst?.client !== client || askedAt - burst.since >= WITHIN_MS) {
      if (this.#bursts.size >= KEYS) this.#bursts.clear();
      this.#bursts.set(key, { client, since: askedAt, shared: 1 });
      return false;
    }
    return ++burst.shared === MANY;
  }

  /** Logs the hint, unless its request wants the same answer each time. Never throws. @param body of one of them */
  explain(body: Body): void {
    if (this.#isSaid || body.length > READ || !isDrawn(body)) return;
    this.#isSaid = true;
    this.#bursts.clear();
    writeOnce(this.#isFirst, 'repeats', () => this.#write());
  }

  #write(): void {
    this.#log.info(
      { header: 'x-refrain-samples' },
      `${MANY + 1} equal requests within a second share one answer; ` +
        'for answers of their own, send x-refrain-samples: N, or set samples',
    );
  }
}

/** Tests whether sampling is neither switched off nor seeded. */
function isDrawn(body: Body): boolean {
  try {
    const { temperature, seed } = JSON.parse(body.bytes.toString());
    return temperature !== 0 && typeof seed !== 'number';
  } catch {
    return false;
  }
}
