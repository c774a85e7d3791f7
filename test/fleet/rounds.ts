/**
 * Rounds of questions to every node of a fleet at once, whatever becomes of Redis meanwhile: one that was asked
 * before, one that is new, as JSON and as a stream, the same at each node. Every answer must be whole, and that of its
 * question.
 */
import { expect } from 'vitest';
import { asks, type Node, numberIn } from '../harness/fleet.ts';
import type { ScriptedUpstream } from '../harness/upstream.ts';

const STREAM = { stream: true };
const OLD = ['What is the sea?', 'What is salt?', 'What is the moon?'];

export class Rounds {
  readonly #nodes: readonly Node[];
  readonly #upstream: ScriptedUpstream;
  #rounds = 0;
  answered = 0;

  constructor(nodes: readonly Node[], upstream: ScriptedUpstream) {
    this.#nodes = nodes;
    this.#upstream = upstream;
  }

  /** One round. @returns how many calls it cost */
  async ask(): Promise<number> {
    const round = this.#rounds++;
    const old = OLD[round % OLD.length] as string;
    const [json, stream] = [`New: ${round}`, `New stream: ${round}`];
    const before = this.#upstream.calls.length;
    const answers = this.#nodes.flatMap((node) => [
      asks(node, old).then((answer) => numberIn(answer, old)),
      asks(node, json).then((answer) => numberIn(answer, json)),
      asks(node, stream, STREAM).then((answer) => numberIn(answer, stream)),
    ]);
    this.answered += (await Promise.all(answers)).length;
    const calls = this.#upstream.calls.length - before;
    // Each node on its own, at worst; a node never asks twice.
    expect(calls).toBeLessThanOrEqual(answers.length);
    return calls;
  }

  /** So many rounds. @returns how many calls they cost */
  async times(count: number): Promise<number> {
    let calls = 0;
    for (let index = 0; index < count; index++) calls += await this.ask();
    return calls;
  }

  /** Rounds until something is so. @returns how many */
  async until(isSo: () => boolean): Promise<number> {
    let count = 0;
    for (; !isSo(); count++) await this.ask();
    return count;
  }

  /** Rounds until what is old costs no call, and what is new one for all nodes: two a round. */
  async untilShared(): Promise<void> {
    for (let rounds = 0; rounds < OLD.length; ) rounds = (await this.ask()) > 2 ? 0 : rounds + 1;
  }
}
