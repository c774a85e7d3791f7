/**
 * Gathers the answer to the inputs of a batch that were not known, and writes that to all of them in its place. What is
 * no answer goes on as it comes.
 */
import type { Expectation, Validator } from '../response/complete.ts';
import { compact, type Head, selectHeaders } from '../response/entry.ts';
import { ageOf } from '../response/inner-cache.ts';
import type { Usage } from '../response/usage.ts';
import { validatorOf } from '../response/validator.ts';
import type { AnswerFailure, Framing, Source, Writer } from '../response/writer.ts';
import type { HeldBytes } from './held-bytes.ts';

export interface Joining {
  /** Of the answer to what was asked. */
  readonly expected: Expectation;
  /** The longest answer that is gathered, in bytes. */
  readonly maxBytes: number;
  /** The bytes that are gathered; where there is no room for them, the whole batch is asked for. */
  readonly held: HeldBytes;
  /** Tests whether an answer with this head may stand beside what is known. */
  mayJoin(head: Head): boolean;
  /** The answer to the whole batch, and the tokens of what was known of it; null where the two do not fit. */
  join(body: Buffer): { readonly body: Buffer; readonly spared: Usage | null } | null;
  /** How old the oldest part of it is, in whole seconds. */
  readonly age: number;
  /** Asks for the whole batch instead, as it came. */
  askWhole(): void;
}

/** Headers that hold for the very bytes of an answer. */
const OF_BYTES: ReadonlySet<string> = new Set([
  'content-length',
  'content-digest',
  'repr-digest',
  'content-md5',
  'digest',
  'etag',
  'signature',
  'signature-input',
]);

/** The head of an answer with other bytes. */
export function withOtherBytes(head: Head): Head {
  return { ...head, headers: selectHeaders(head.headers, (name) => !OF_BYTES.has(name)) };
}

/** The head of an answer that is at least so old, in seconds. */
function withAge(head: Head, age: number): Head {
  if (age <= ageOf(head.headers)) return head;
  return { ...head, headers: [...selectHeaders(head.headers, (name) => name !== 'age'), 'age', String(age)] };
}

export class JoiningWriter implements Writer {
  readonly #writer: Writer;
  readonly #joining: Joining;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #head: Head | null = null;
  #validator: Validator | null = null;
  #isLeft = false;

  constructor(writer: Writer, joining: Joining) {
    this.#writer = writer;
    this.#joining = joining;
  }

  get source(): Source | null {
    return this.#writer.source;
  }

  set source(source: Source | null) {
    if (!this.#isLeft) this.#writer.source = source;
  }

  begin(head: Head, framing: Framing): void {
    if (this.#isLeft) return;
    if (head.status !== 200) return this.#writer.begin(head, framing);
    if (!this.#joining.mayJoin(head)) return this.#askWhole(true);
    this.#head = head;
    this.#validator = validatorOf({ ...this.#joining.expected, noStore: 'ignore' }, head, framing);
  }

  append(chunk: Buffer): boolean {
    if (this.#isLeft) return true;
    if (this.#validator === null) return this.#writer.append(chunk);
    this.#validator.push(chunk);
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const hasRoom = this.#joining.held.add(chunk.length);
    if (!hasRoom || this.#bytes > this.#joining.maxBytes) this.#askWhole(true);
    return true;
  }

  finish(): void {
    if (this.#isLeft) return;
    if (this.#validator === null || this.#head === null) return this.#writer.finish();
    const whole = compact(this.#chunks, this.#bytes);
    const isWhole = this.#validator.end(() => whole).kind === 'whole';
    const joined = isWhole ? this.#joining.join(whole) : null;
    if (joined === null) return this.#askWhole(false);
    const { body, spared } = joined;
    this.#chunks = [];
    this.#joining.held.letGo();
    const head = withAge(withOtherBytes(this.#head), this.#joining.age);
    this.#writer.begin(head, { length: body.length, delimited: true, ...(spared && { spared }) });
    this.#writer.append(body);
    this.#writer.finish();
  }

  fail(failure: AnswerFailure): void {
    if (!this.#isLeft) this.#writer.fail(failure);
  }

  #askWhole(isUnderWay: boolean): void {
    const { source } = this.#writer;
    this.#isLeft = true;
    this.#chunks = [];
    this.#joining.held.letGo();
    if (isUnderWay) source?.abort();
    this.#joining.askWhole();
  }
}
