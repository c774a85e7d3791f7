/**
 * Lines on standard error that nobody waits for: they are gathered, and
 * written beside the event loop. Where nobody reads them, they are bounded: those
 * that find no room are counted, and the count is written once there is some.
 */
import { write, writeSync } from 'node:fs';

/** How long a line waits for others, in ms; and how long a full pipe is left alone. */
const GATHER_MS = 100;

/** As many characters are written without waiting for others. */
const MOST_GATHERED = 16 * 1024;

/** The most that waits to be written, in characters. */
const MOST_WAITING = 8 * 1024 * 1024;

/** How long the end of a program waits for its lines to be read, in ms. */
const CLOSE_MS = 1_000;

const STANDARD_ERROR = 2;

/** The place where lines are written; either call may take less than it is given. */
export interface LineSink {
  write(bytes: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void): void;
  writeSync(bytes: Buffer): number;
}

const standardError: LineSink = {
  write: (bytes, done) => write(STANDARD_ERROR, bytes, done),
  writeSync: (bytes) => writeSync(STANDARD_ERROR, bytes),
};

export class LineWriter {
  readonly #sink: LineSink;
  readonly #lineOfMissing: (lines: number) => string;
  /** Lines that wait for others, or for those before them to be written. */
  #gathered = '';
  #timer: NodeJS.Timeout | null = null;
  /** Being written. */
  #piece: Buffer | null = null;
  #missing = 0;
  /** True once nobody can read a line any more. */
  #isBroken = false;
  #onIdle = () => {};

  /** @param lineOfMissing the line that says how many are missing */
  constructor(lineOfMissing: (lines: number) => string, sink: LineSink = standardError) {
    this.#sink = sink;
    this.#lineOfMissing = lineOfMissing;
    process.once('exit', this.#flush);
  }

  /** @param line with its end */
  write(line: string): void {
    if (this.#isBroken) return;
    if (this.#gathered.length + (this.#piece?.length ?? 0) + line.length > MOST_WAITING) {
      this.#missing++;
      return;
    }
    this.#gathered += line;
    if (this.#piece) return;
    if (this.#gathered.length >= MOST_GATHERED) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), GATHER_MS).unref();
  }

  /** Resolves once all that waits is written, or nobody reads it. */
  async close(): Promise<void> {
    if (!this.#piece) this.#begin();
    if (this.#piece) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        setTimeout(resolve, CLOSE_MS).unref();
      });
    }
    process.off('exit', this.#flush);
  }

  #begin(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#gathered === '') return this.#onIdle();
    this.#piece = Buffer.from(this.#gathered);
    this.#gathered = '';
    this.#writePiece();
  }

  #writePiece(): void {
    this.#sink.write(this.#piece as Buffer, (error, written) => this.#wrote(error, written));
  }

  #wrote(error: NodeJS.ErrnoException | null, written: number): void {
    if (error?.code === 'EAGAIN') return void setTimeout(() => this.#writePiece(), GATHER_MS).unref();
    this.#isBroken = error !== null;
    if (this.#isBroken) this.#gathered = '';
    const rest = error ? null : (this.#piece?.subarray(written) ?? null);
    this.#piece = rest?.length ? rest : null;
    if (this.#piece) return this.#writePiece();
    if (this.#missing > 0) {
      this.#gathered += this.#lineOfMissing(this.#missing);
      this.#missing = 0;
    }
    this.#begin();
  }

  /** Writes what waits for others, at the end of the process: one attempt, for nobody may be there to read. */
  readonly #flush = (): void => {
    let rest = Buffer.from(this.#gathered);
    this.#gathered = '';
    try {
      while (rest.length > 0) rest = rest.subarray(this.#sink.writeSync(rest));
    } catch {
      // It is lost.
    }
  };
}
