/**
 * Lines on standard error that nobody waits for: they are gathered, and
 * written beside the event loop. Where nobody reads them, they are bounded: those
 * that find no room are counted, and the count is written once there is some.
 */
import { once } from 'node:events';
import { destination } from 'pino';

/** How long a line waits for others, in ms. */
const GATHER_MS = 100;

/** The most that is gathered, in characters. */
const MOST_GATHERED = 16 * 1024;

/** The most that is written at a time, in bytes: an empty pipe takes it whole, without the lines of another between. */
const PIECE = 64 * 1024;

/** The most that waits to be written, in characters. */
const MOST_WAITING = 8 * 1024 * 1024;

/** How long the end of a program waits for its lines to be read, in ms. */
const CLOSE_MS = 1_000;

/** A file descriptor that is written to beside the event loop. */
export interface LineSink extends NodeJS.EventEmitter {
  write(text: string): unknown;
  flushSync(): void;
}

export class LineWriter {
  readonly #sink: LineSink;
  readonly #lineOfMissing: (lines: number) => string;
  /** Lines that wait for others. */
  #gathered = '';
  #timer: NodeJS.Timeout | null = null;
  /** Of what the sink was given and has not written, in characters. */
  #waiting = 0;
  #missing = 0;

  /** @param lineOfMissing the line that says how many are missing */
  constructor(lineOfMissing: (lines: number) => string, sink: LineSink = standardError()) {
    this.#sink = sink;
    this.#lineOfMissing = lineOfMissing;
    sink.on('error', () => {});
    sink.on('drain', () => this.#drained());
    process.once('exit', this.#flush);
  }

  /** @param line with its end */
  write(line: string): void {
    if (this.#waiting + this.#gathered.length + line.length > MOST_WAITING) {
      this.#missing++;
      return;
    }
    if (this.#gathered.length + line.length > MOST_GATHERED) this.#pass();
    this.#gathered += line;
    this.#timer ??= setTimeout(() => this.#pass(), GATHER_MS).unref();
  }

  /** Resolves once all that waits is written, or nobody reads it. */
  async close(): Promise<void> {
    this.#pass();
    if (this.#waiting > 0) await once(this.#sink, 'drain', { signal: AbortSignal.timeout(CLOSE_MS) }).catch(() => {});
    process.off('exit', this.#flush);
  }

  /** Writes all that waits, now: for the end of a process. */
  readonly #flush = (): void => {
    this.#pass();
    try {
      this.#sink.flushSync();
    } catch {
      // Nobody reads it.
    }
  };

  #pass(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#gathered === '') return;
    this.#waiting += this.#gathered.length;
    this.#sink.write(this.#gathered);
    this.#gathered = '';
  }

  #drained(): void {
    this.#waiting = 0;
    if (this.#missing === 0) return;
    const line = this.#lineOfMissing(this.#missing);
    this.#missing = 0;
    this.write(line);
  }
}

function standardError(): LineSink {
  return destination({ fd: 2, sync: false, maxWrite: PIECE });
}
