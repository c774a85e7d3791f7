/**
 * Throws generated requests and replies at a proxy from both sides, and holds
 * each answer to what no answer may do: be torn, be another's, be a defect.
 *
 * A case is its number and the seed: both make the same bytes again. Half of
 * the cases are whole requests on kept connections, of which each gets one
 * answer; the others are thrown damaged, and only have to end.
 */
import { Random } from '../request/random.ts';
import { type FuzzUpstream, healthy } from './fuzz-upstream.ts';
import { Line, Thrown } from './line.ts';
import { marksIn } from './marks.ts';
import { type Message, statusOf, valuesOf } from './message.ts';
import { inPieces, mutated } from './mutate.ts';
import { makeRequest, type Request } from './requests.ts';

export interface Addresses {
  readonly api: string;
  readonly admin: string;
}

/** How often what came about. */
export type Tally = Map<string, number>;

/** The codes of ours that malformed requests and broken replies may bring about. */
const FITTING = new Set([
  'invalid_target',
  'malformed_request',
  'invalid_header',
  'invalid_body',
  'body_incomplete',
  'body_too_large',
  'headers_too_large',
  'websocket_unsupported',
  'unknown_route',
  'not_cached',
  'upstream_cut',
  'upstream_unreachable',
  'unknown_entry',
  'invalid_query',
  'misdirected_request',
  'unsupported_media_type',
]);

/** A request may be sent on a connection at the moment when the upstream, done with another's answer, breaks it. */
const UNLUCKY = /\((ECONNRESET|EPIPE|UND_ERR_SOCKET)\).*"code":"upstream_(cut|unreachable)"/;

/** A connection that is to close may do so on what is still being sent, and take an early answer with it. */
const CLOSES = /^\S+ \S+ HTTP\/1\.0\r\n|\r\nConnection: close\r\n/;

const ROUND = 256;
const LINES = 24;
/** A round that takes longer has a request in it that nobody answers. */
const STALLED_MS = 150_000;

export class Fuzz {
  readonly tally: Tally = new Map();
  readonly #proxy: Addresses;
  readonly #adminHost: string;
  readonly #upstream: FuzzUpstream;
  readonly #seed: number;
  readonly #lines: readonly Line[];
  #next = 0;
  #sent = 0;
  /** The cases that are under way. */
  readonly #running = new Set<number>();

  constructor(proxy: Addresses, upstream: FuzzUpstream, seed: number) {
    this.#proxy = proxy;
    this.#adminHost = new URL(proxy.admin).host;
    this.#upstream = upstream;
    this.#seed = seed;
    this.#lines = Array.from({ length: LINES }, () => new Line(proxy.api));
  }

  /**
   * Goes on until this many requests have been sent in all.
   * @throws Error that names the seed and the case
   */
  async run(requests: number): Promise<void> {
    while (this.#sent < requests) {
      const first = this.#next;
      this.#next += ROUND;
      const stalled = Promise.withResolvers<never>();
      const watch = setTimeout(
        () => stalled.reject(new Error(`seed ${this.#seed}: nothing ends the cases ${[...this.#running]}`)),
        STALLED_MS,
      );
      await Promise.race([this.#round(first), stalled.promise]).finally(() => clearTimeout(watch));
      const [fault] = this.#upstream.faults;
      if (fault !== undefined)
        throw new Error(`seed ${this.#seed}, cases from ${first}: the upstream was sent what ${fault}`);
    }
  }

  hangUp(): void {
    for (const line of this.#lines) line.hangUp();
  }

  async #round(first: number): Promise<void> {
    const ids = Array.from({ length: ROUND }, (_, index) => first + index);
    const thrown = ids.filter((id) => this.#isThrown(id)).map((id) => this.#throw(id));
    const ended = Promise.allSettled(thrown.map(({ done }) => done));
    const waiting = ids.filter((id) => !this.#isThrown(id));
    try {
      await Promise.all(
        this.#lines.map(async (line) => {
          for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) await this.#ask(id, line);
        }),
      );
      await this.#askHealthy(first);
    } finally {
      for (const { end } of thrown) end();
    }
    for (const end of await ended) if (end.status === 'rejected') throw end.reason;
  }

  #isThrown(id: number): boolean {
    return this.#random(id, 1).once(2);
  }

  #throw(id: number): { readonly end: () => void; readonly done: Promise<void> } {
    const random = this.#random(id, 2);
    const { listener, bytes } = makeRequest(id, random, this.#adminHost);
    const damaged = mutated(bytes, random);
    const thrown = new Thrown(this.#proxy[listener], inPieces(damaged, random));
    this.#sent += 1;
    const done = this.#case(id, damaged, async () => {
      const heard = await thrown.heard;
      this.#count(heard.length > 0 ? 'thrown, answered' : 'thrown, closed');
      if (heard.length > 0 && !heard.toString('latin1').startsWith('HTTP/1.1 '))
        throw new Error(`what came is no answer: ${said(heard)}`);
      this.#judgeBytes(id, heard, listener);
    });
    return { end: () => thrown.end(), done };
  }

  async #ask(id: number, kept: Line): Promise<void> {
    const random = this.#random(id, 2);
    const request = makeRequest(id, random, this.#adminHost);
    await this.#case(id, request.bytes, async () => {
      if (random.once(40)) return this.#leave(request, random);
      const other = new Line(this.#proxy[request.listener]);
      const lines = request.listener === 'api' ? [kept, other] : [other];
      await Promise.all(lines.slice(0, random.once(8) ? 2 : 1).map((line) => this.#askOnce(id, request, line, random)));
      if (random.once(4)) await this.#askOnce(id, request, lines[0] as Line, random);
      other.hangUp();
    });
  }

  async #askOnce(id: number, request: Request, line: Line, random: Random): Promise<void> {
    this.#sent += 1;
    const { answer, received } = await line.ask(inPieces(request.bytes, random), request.method);
    this.#judgeBytes(id, received, request.listener);
    const sound = this.#upstream.soundOf(id);
    if (received.length === 0 && CLOSES.test(request.bytes.toString('latin1'))) return this.#count('lost');
    if (received.length === 0 && sound !== null) throw new Error('nothing was answered');
    if (!answer && sound) throw new Error(`a sound reply was cut: ${said(received)}`);
    this.#count(answer ? `answered ${statusOf(answer)}` : 'cut');
    if (!answer) return;
    this.#count(valuesOf(answer, 'x-cache').join());
    if (sound && UNLUCKY.test(received.toString('latin1'))) this.#count('unlucky');
    else if (sound) judgeSound(answer, sound);
  }

  /** Hangs up before or while the answer comes. */
  async #leave(request: Request, random: Random): Promise<void> {
    const line = new Line(this.#proxy[request.listener]);
    this.#sent += 1;
    const heard = line.ask(inPieces(request.bytes, random), request.method);
    await Promise.race([heard, this.#upstream.called]);
    line.hangUp();
    this.#count('left');
  }

  async #askHealthy(id: number): Promise<void> {
    const { bytes, text } = healthy(id);
    const line = new Line(this.#proxy.api);
    const { answer, received } = await line.ask([bytes], 'POST');
    line.hangUp();
    if (answer === null || statusOf(answer) !== 200 || answer.body.toString() !== text)
      throw new Error(`seed ${this.#seed}, after case ${id}: a healthy request got ${said(received)}`);
    this.#count('healthy');
  }

  #judgeBytes(id: number, heard: Buffer, listener: Request['listener']): void {
    // The operator may read of everybody: `GET /entries` lists what was asked.
    for (const other of listener === 'api' ? marksIn(heard) : [])
      if (other !== id) throw new Error(`it was told of case ${other}: ${said(heard)}`);
    for (const [, code = ''] of heard
      .toString('latin1')
      .matchAll(
        /"type":"refrain_error","param":[^}]*?"code":"(\w+)"|cache-status: refrain; [^\r]*?detail=(\w+_\w+)/g,
      )) {
      if (code !== '') this.#count(code);
      if (code !== '' && !FITTING.has(code)) throw new Error(`it got ${code}: ${said(heard)}`);
    }
  }

  async #case(id: number, bytes: Buffer, act: () => Promise<void>): Promise<void> {
    this.#running.add(id);
    try {
      await act();
    } catch (error) {
      throw new Error(
        `seed ${this.#seed}, case ${id}: ${(error as Error).message}\nsent: ${said(bytes)}\n` +
          `reply: ${this.#upstream.told(id)}`,
        { cause: error },
      );
    }
    this.#running.delete(id);
    this.#upstream.forget(id);
  }

  #random(id: number, purpose: number): Random {
    return new Random(Math.imul(id * 4 + purpose, 0x9e3779b1) ^ this.#seed);
  }

  #count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }
}

/** The sound reply of an upstream passes as it is. */
function judgeSound(answer: Message, { status, body }: { readonly status: number; readonly body: Buffer }): void {
  if (statusOf(answer) !== status || !answer.body.equals(body))
    throw new Error(`a sound reply became ${answer.start} ${said(answer.body)}`);
}

export function said(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1', 0, 4_000));
  return bytes.length > 4_000 ? `${text} and ${bytes.length - 4_000} bytes more` : text;
}
