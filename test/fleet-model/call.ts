/**
 * One call to an upstream in a modelled fleet, which answers by itself as time goes on.
 */
import type { Clock } from '../../src/clock.ts';
import { upstreamCut } from '../../src/errors.ts';
import type { Writer } from '../../src/response/writer.ts';
import { type Answer, answerOf, type Turn } from '../flight/answers.ts';
import type { Topic } from '../flight/asker.ts';
import type { Random } from '../request/random.ts';

/** The way in which a call goes; `paces` are the times before its head and each of its chunks, in ms. */
export interface CallPlan {
  readonly turn: Turn;
  readonly paces: readonly number[];
  /** After how many chunks it breaks off; null where it does not. */
  readonly breaksAfter: number | null;
}

export class FleetCall {
  readonly number: string;
  readonly topic: Topic;
  readonly node: string;
  readonly startedAt: number;
  readonly answer: Answer;
  /** All bytes of its answer. */
  readonly body: Buffer;
  state: 'flying' | 'finished' | 'failed' | 'aborted' = 'flying';
  readonly #plan: CallPlan;
  readonly #clock: Clock;
  readonly #writer: Writer;
  #said = 0;
  #steps = 0;

  constructor(
    parts: { number: string; topic: Topic; node: string; plan: CallPlan; clock: Clock; writer: Writer },
    random: Random,
  ) {
    const { number, topic, node, plan, clock, writer } = parts;
    this.number = number;
    this.topic = topic;
    this.node = node;
    this.startedAt = clock.now();
    this.answer = answerOf(topic.kind, plan.turn, number, random);
    this.body = Buffer.concat(this.answer.chunks);
    this.#plan = plan;
    this.#clock = clock;
    this.#writer = writer;
    writer.source = {
      resume: () => {},
      abort: () => {
        if (this.state === 'flying') this.state = 'aborted';
      },
    };
    this.#wait(() => this.#begin());
  }

  /** True once its terminal event has been said. */
  get isWhole(): boolean {
    return this.answer.terminal !== null && this.#said >= this.answer.terminal;
  }

  #wait(act: () => void): void {
    const { paces } = this.#plan;
    this.#clock.after(paces[this.#steps++ % paces.length] as number, () => this.state === 'flying' && act());
  }

  #begin(): void {
    if (this.#plan.breaksAfter === 0) return this.#fail();
    this.#writer.begin(this.answer.head, this.answer.framing);
    this.#wait(() => this.#say());
  }

  #say(): void {
    if (this.#said === this.#plan.breaksAfter) return this.#fail();
    const chunk = this.answer.chunks[this.#said];
    if (!chunk) {
      this.state = 'finished';
      return this.#writer.finish();
    }
    this.#said++;
    this.#writer.append(chunk);
    this.#wait(() => this.#say());
  }

  #fail(): void {
    this.state = 'failed';
    this.#writer.fail({ error: upstreamCut(new Error('as planned')), alreadySent: false });
  }
}
