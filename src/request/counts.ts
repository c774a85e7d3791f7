/**
 * The size of a whole answer, as far as its request says.
 */
import type { BodyFields } from './body-fields.ts';

export interface Counts {
  /** How many choices. */
  readonly choices: number;
  /** How many prompts they answer. */
  readonly prompts: number;
  /** How many vectors or results; null where the request does not say. */
  readonly inputs: number | null;
}

/** One answer to one question. */
export const ONE: Counts = { choices: 1, prompts: 1, inputs: null };

/** The number of choices that are asked for to each prompt. */
export function choicesEach(fields: BodyFields): number {
  const each = fields.get('n');
  return typeof each === 'number' ? each : 1;
}

/** A text or one list of tokens is one input; a list of texts or of token lists is as many as it holds. */
export function countTexts(value: unknown): number {
  return Array.isArray(value) && typeof value[0] !== 'number' ? value.length : 1;
}
