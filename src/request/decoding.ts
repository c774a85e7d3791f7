/**
 * Bodies that are compressed (RFC 9110, 8.4): read for their key, never sent on
 * in another form. A few bytes may claim to be many, so that decoding stops at
 * the bound, at a ratio, and where the budget has no more room.
 */
import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { Clock } from '../clock.ts';
import { bodyTooLarge } from '../errors.ts';
import type { BodyLimits, Share } from './budget.ts';
import { Gathering } from './gathering.ts';
import type { WholeBody } from './whole-body.ts';

interface DecoderOptions {
  readonly chunkSize: number;
}

type CreateDecoder = (options: DecoderOptions) => Transform;

const DECODERS: ReadonlyMap<string, CreateDecoder> = new Map<string, CreateDecoder>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
  // A window of 8 MiB, which is the most that HTTP has (RFC 9659); a frame may ask for 128.
  ['zstd', (options) => createZstdDecompress({ ...options, params: { [constants.ZSTD_d_windowLogMax]: 23 } })],
]);

/**
 * `encoded-request`: the coding is not known, or the body is not in it.
 * `decoded-ratio`: it decodes to far more than it is.
 */
export type WhyNotDecoded = 'encoded-request' | 'large-request' | 'decoded-ratio' | 'request-budget';

/** How much larger than it came a body may be, and how large in any case, in bytes. */
const RATIO = 100;
const SMALL = 1024 * 1024;

/** How many are decoded at a time: each takes a window of up to 16 MiB beside what comes out. */
const AT_ONCE = 2;

const PATIENCE_MS = 1_000;

interface WaitingBody {
  /** In milliseconds since the epoch. */
  readonly since: number;
  readonly call: (isInTime: boolean) => void;
}

export class Decoding {
  readonly #limits: BodyLimits;
  readonly #share: Share;
  readonly #clock: Clock;
  #waiting: WaitingBody[] = [];
  #running = 0;

  /** @param share what decoded bodies are taken of */
  constructor(limits: BodyLimits, share: Share, clock: Clock) {
    this.#limits = limits;
    this.#share = share;
    this.#clock = clock;
  }

  /** @returns the body as its key is made from it, or why it has none. @throws RefrainError `body_too_large` */
  async decode(body: WholeBody, coding: string): Promise<WholeBody | WhyNotDecoded> {
    const create = DECODERS.get(coding);
    if (!create) return 'encoded-request';
    if (this.#running < AT_ONCE) this.#running++;
    else if (!(await this.#turn())) return 'request-budget';
    try {
      return await this.#decode(body, create);
    } finally {
      this.#callNext();
    }
  }

  /** @returns whether it has come in time */
  #turn(): Promise<boolean> {
    return new Promise((call) => this.#waiting.push({ since: this.#clock.now(), call }));
  }

  /** A body that has waited too long goes on without, so that nobody stands behind a heap of bombs. */
  #callNext(): void {
    const oldest = this.#clock.now() - PATIENCE_MS;
    const late = this.#waiting.findIndex(({ since }) => since >= oldest);
    for (const { call } of this.#waiting.splice(0, late === -1 ? this.#waiting.length : late)) call(false);
    const next = this.#waiting.shift();
    if (next) next.call(true);
    else this.#running--;
  }

  #decode(body: WholeBody, create: CreateDecoder): Promise<WholeBody | WhyNotDecoded> {
    const most = Math.min(this.#limits.whole, Math.max(SMALL, RATIO * body.length));
    return new Promise((resolve, reject) => {
      const decoder = create({ chunkSize: body.length < 16 * 1024 ? 16 * 1024 : 64 * 1024 });
      const gathering = new Gathering(0, most);
      let bytes = 0;
      let isOver = false;
      const stop = (why: WhyNotDecoded | null) => {
        if (isOver) return;
        isOver = true;
        decoder.destroy();
        this.#share.give(bytes);
        if (why === null) reject(bodyTooLarge(this.#limits.accepted));
        else resolve(why);
      };
      decoder.on('data', (piece: Buffer) => {
        if (isOver) return;
        if (bytes + piece.length > most) return stop(this.#whyStopped(most));
        if (!this.#share.take(piece.length, bytes + piece.length)) return stop('request-budget');
        bytes += piece.length;
        gathering.add(piece);
      });
      decoder.once('end', () => resolve(gathering.finish(this.#share)));
      decoder.on('error', () => stop('encoded-request'));
      for (const piece of body.lend()) decoder.write(piece);
      decoder.end();
    });
  }

  /** Null for a body that is not accepted at all. */
  #whyStopped(most: number): WhyNotDecoded | null {
    const { accepted, whole } = this.#limits;
    if (most < whole) return 'decoded-ratio';
    return whole < accepted ? 'large-request' : null;
  }
}
