/**
 * What an answer says of its usage, where nobody reads the answer: it is
 * relayed to one caller, or too large or not fit to be kept. Its beginning and
 * its end are looked at once it is over, since the usage stands at the end of
 * JSON and of streams alike; until then no more than its last bytes are held.
 */
import { type Judge, MORE, type Step, type Unkept, type Verdict } from './complete.ts';
import { type Head, headerOf } from './entry.ts';
import { parse } from './json.ts';
import { readUsage, type Usage } from './usage.ts';

/** How much of the beginning and of the end is looked at, in bytes. */
const BEGINNING = 1_024;
const END = 8 * 1_024;

/** The member as it is written, with at most one level of objects in it; inside a string its quotes would be escaped. */
const USAGE = /"usage"\s*:\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})/g;
const MODEL = /"model"\s*:\s*"([^"\\]{1,200})"/;

export class Glance {
  #beginning = '';
  /** The last `END` bytes, and what came with the first of them. */
  readonly #tail: Buffer[] = [];
  #length = 0;

  push(chunk: Buffer): void {
    if (this.#beginning.length < BEGINNING) this.#beginning += chunk.toString('latin1', 0, BEGINNING - this.#beginning.length);
    // A copy of a long chunk's end, so as not to hold all of it.
    const piece = chunk.length > END ? Buffer.from(chunk.subarray(-END)) : chunk;
    this.#tail.push(piece);
    this.#length += piece.length;
    for (let first = this.#tail[0]; first && this.#length - first.length >= END; first = this.#tail[0]) {
      this.#length -= first.length;
      this.#tail.shift();
    }
  }

  /** What was said last. */
  usage(): Usage | null {
    const usages = [...this.#end().matchAll(USAGE)].map(([, text]) => readUsage(parse(text as string)));
    return usages.findLast((usage) => usage !== null) ?? null;
  }

  /** The model that the answer names as its own, or nothing. */
  model(): string | undefined {
    return MODEL.exec(this.#beginning)?.[1] ?? MODEL.exec(this.#end())?.[1];
  }

  #end(): string {
    return Buffer.concat(this.#tail).toString('utf8', Math.max(0, this.#length - END));
  }
}

/** Whether there is something to look at. */
export function isLegible(head: Head): boolean {
  const coding = headerOf(head.headers, 'content-encoding');
  return head.status === 200 && (!coding || coding.toLowerCase() === 'identity');
}

/** Stands in for the judge of an answer that its head keeps out of the cache. */
export class NoJudge implements Judge {
  readonly #why: Unkept;
  readonly #glance: Glance | null;

  constructor(why: Unkept, head: Head) {
    this.#why = why;
    this.#glance = isLegible(head) ? new Glance() : null;
  }

  get usage(): Usage | null {
    return this.#glance?.usage() ?? null;
  }

  push(chunk: Buffer): Step {
    this.#glance?.push(chunk);
    return MORE;
  }

  end(): Verdict {
    return { kind: 'unkept', why: this.#why };
  }
}
