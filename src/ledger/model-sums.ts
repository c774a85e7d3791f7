/**
 * Tokens and dollars by model since the start: a hit adds to plain numbers,
 * which become series of metrics at a scrape.
 */
import type { Usage } from '../response/usage.ts';
import { BoundedNames } from './names.ts';

/** The models that are told apart; all others are one. */
const MOST_MODELS = 100;

/** The name of those that nobody has named. */
const NO_MODEL = '(none)';

const KINDS = { input: 'input', cached_input: 'cachedInput', output: 'output', reasoning: 'reasoning' } as const;

type ModelSum = Record<(typeof KINDS)[keyof typeof KINDS] | 'dollars' | 'unpriced', number>;

export class ModelSums {
  readonly #names = new BoundedNames(MOST_MODELS);
  readonly #sums = new Map<string, ModelSum>();

  /** @param dollars null where there is no price */
  add(model: string | null, usage: Usage, dollars: number | null): void {
    const name = this.#names.of(model ?? NO_MODEL);
    let sums = this.#sums.get(name);
    if (!sums)
      this.#sums.set(name, (sums = { input: 0, cachedInput: 0, output: 0, reasoning: 0, dollars: 0, unpriced: 0 }));
    sums.input += usage.input;
    sums.cachedInput += usage.cachedInput;
    sums.output += usage.output;
    sums.reasoning += usage.reasoning;
    if (dollars === null) sums.unpriced += usage.input + usage.output;
    else sums.dollars += dollars;
  }

  eachToken(report: (labels: { model: string; kind: string }, tokens: number) => void): void {
    for (const [model, sums] of this.#sums) {
      for (const [kind, of] of Object.entries(KINDS)) report({ model, kind }, sums[of]);
    }
  }

  /** Of those that have any. */
  each(of: 'dollars' | 'unpriced', report: (labels: { model: string }, sum: number) => void): void {
    for (const [model, sums] of this.#sums) if (sums[of] > 0) report({ model }, sums[of]);
  }
}
