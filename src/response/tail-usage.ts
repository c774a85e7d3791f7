/**
 * The usage of an answer that nobody validates: it is
 * relayed to one caller, or too large or not fit to be kept. Its beginning and
 * its end are looked at once it is over, since the usage stands at the end of
 * JSON and of streams alike; until then no more than its last bytes are held.
 */
import { codingOf } from '../coding.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Validator, Step, Unkept, Verdict } from './complete.ts';
import { RESPONSE_ENDPOINTS } from './endpoints/table.ts';
import { type Head, headerOf } from './entry.ts';
import { parse } from './json.ts';
import type { Usage, UsageReader } from './usage.ts';

/** How much of the beginning and of the end is looked at, in bytes. */
const BEGINNING = 1_024;
const END = 8 * 1_024;

/**
 * The member as it is written, with at most two levels of objects in it; in a string its quotes would be escaped.
 * Cohere counts in one of another name.
 */
const USAGE = /"(?:usage|tokens)"\s*:\s*(\{[^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*\})/g;
const MODEL = /"model"\s*:\s*"([^"\\]{1,200})"/;

export class TailUsage {
  #beginning = '';
  /** The last `END` bytes, and what came with the first of them. */
  readonly #tail: Buffer[] = [];
  #length = 0;
  readonly #reader: UsageReader;

  constructor(endpoint: Endpoint) {
    this.#reader = RESPONSE_ENDPOINTS[endpoint].usage;
  }

  push(chunk: Buffer): void {
    if (this.#beginning.length < BEGINNING)
      this.#beginning += chunk.toString('latin1', 0, BEGINNING - this.#beginning.length);
    // A copy of a long chunk's end, so as not to hold all of it.
    const piece = chunk.length > END ? Buffer.from(chunk.subarray(-END)) : chunk;
    this.#tail.push(piece);
    this.#length += piece.length;
    for (let first = this.#tail[0]; first && this.#length - first.length >= END; first = this.#tail[0]) {
      this.#length -= first.length;
      this.#tail.shift();
    }
  }

  /** The last that counts something; at the end, or else at the beginning. */
  usage(): Usage | null {
    return this.#reader.later(this.#lastUsage(this.#beginning), this.#lastUsage(this.#end()));
  }

  /** The model that the answer names as its own, or nothing. */
  model(): string | null {
    return MODEL.exec(this.#beginning)?.[1] ?? MODEL.exec(this.#end())?.[1] ?? null;
  }

  #lastUsage(text: string): Usage | null {
    const usages = [...text.matchAll(USAGE)].map(([, usage]) => this.#reader.read(parse(usage as string)));
    return usages.reduce((before, now) => this.#reader.later(before, now), null);
  }

  #end(): string {
    return Buffer.concat(this.#tail).toString('utf8', Math.max(0, this.#length - END));
  }
}

/** Tests whether there is something to look at. */
export function isLegible(head: Head): boolean {
  return codingOf(headerOf(head.headers, 'content-encoding')) === null;
}

/** Stands in for the validator of an answer that its head keeps out of the cache. */
export class UnstorableValidator implements Validator {
  readonly saysError = false;
  readonly events = 0;
  readonly #why: Unkept;
  readonly #tail: TailUsage | null;

  constructor(why: Unkept, endpoint: Endpoint, head: Head) {
    this.#why = why;
    this.#tail = isLegible(head) ? new TailUsage(endpoint) : null;
  }

  get usage(): Usage | null {
    return this.#tail?.usage() ?? null;
  }

  get model(): string | null {
    return this.#tail?.model() ?? null;
  }

  push(chunk: Buffer): Step {
    this.#tail?.push(chunk);
    return 'more';
  }

  end(): Verdict {
    return { kind: 'unkept', why: this.#why };
  }
}
