/**
 * One call to an upstream, played by hand, and all that it has said so far.
 */
import { upstreamCut } from '../../src/errors.ts';
import type { Writer } from '../../src/response/writer.ts';
import type { Random } from '../request/random.ts';
import { type Answer, answerOf, type Turn } from './answers.ts';
import type { Asker } from './asker.ts';

/** After its terminal event an answer ends by itself within this time, in ms. */
export const SETTLE_MS = 1_000;

export class Call {
  /** Over all calls. */
  readonly number: string;
  readonly asker: Asker;
  isAborted = false;
  /** True for a refresh, which goes on for the store alone. */
  readonly isDetached: boolean;
  readonly ledAt: number;
  readonly ledStep: number;
  answer: Answer | null = null;
  begunAt: number | null = null;
  begunStep = Infinity;
  failedStep = Infinity;
  terminalAt: number | null = null;
  lastSentAt: number | null = null;
  readonly sent: Buffer[] = [];
  bytes = 0;
  /** How it ended, as far as its upstream knows. */
  end: 'finished' | 'failed' | null = null;
  /** True where it says its next chunk from inside the call that wants it. */
  isPrompt = false;
  readonly #writer: Writer;
  #isHeldBack = false;

  constructor(plan: {
    number: string;
    asker: Asker;
    writer: Writer;
    isDetached: boolean;
    now: number;
    step: number;
    onPrompt: (call: Call) => void;
  }) {
    this.number = plan.number;
    this.asker = plan.asker;
    this.isDetached = plan.isDetached;
    this.#writer = plan.writer;
    this.ledAt = plan.now;
    this.ledStep = plan.step;
    plan.writer.source = {
      resume: () => {
        this.#isHeldBack = false;
        if (this.isPrompt && this.isInTheAir && this.maySay) plan.onPrompt(this);
      },
      abort: () => void (this.isAborted = true),
    };
  }

  get isInTheAir(): boolean {
    return this.end === null && !this.isAborted;
  }

  get hasSaidAll(): boolean {
    return this.answer !== null && this.sent.length === this.answer.chunks.length;
  }

  /** True while it may say its next chunk. */
  get maySay(): boolean {
    return this.answer !== null && !this.hasSaidAll && !this.#isHeldBack;
  }

  /** True once nothing more can come that its bytes do not announce. */
  get isWhole(): boolean {
    const { answer, terminalAt, sent } = this;
    if (answer === null || answer.turn === 'spoilt' || answer.turn === 'resumed' || answer.head.status !== 200)
      return false;
    return answer.terminal === null ? this.hasSaidAll : terminalAt !== null && sent.length >= answer.terminal;
  }

  get isStream(): boolean {
    return this.answer?.head.headers[1] === 'text/event-stream';
  }

  begin(turn: Turn, now: number, step: number, random: Random): void {
    this.answer = answerOf(this.asker.topic.kind, turn, this.number, random);
    this.begunAt = now;
    this.begunStep = step;
    this.#writer.begin(this.answer.head, this.answer.framing);
  }

  say(now: number): void {
    const { answer, sent } = this;
    const chunk = answer?.chunks[sent.length];
    if (!answer || !chunk) throw new Error('it has nothing to say');
    sent.push(chunk);
    this.bytes += chunk.length;
    if (sent.length === answer.terminal) this.terminalAt = now;
    this.lastSentAt = now;
    // Last: more may be wanted, and said, before `append` returns.
    this.#isHeldBack = !this.#writer.append(chunk);
  }

  finish(): void {
    this.end = 'finished';
    this.#writer.finish();
  }

  fail(step: number): void {
    this.end = 'failed';
    this.failedStep = step;
    this.#writer.fail(FAILURE);
  }

  /** Goes on after its end as if there had been none. */
  babble(random: Random): void {
    const { head, framing, chunks } = answerOf(this.asker.topic.kind, 'right', this.number, random);
    this.#writer.begin(head, framing);
    for (const chunk of chunks) this.#writer.append(chunk);
    if (random.once(2)) this.#writer.finish();
    this.#writer.fail(FAILURE);
  }
}

const FAILURE = { error: upstreamCut(new Error('as told')), alreadySent: false };
