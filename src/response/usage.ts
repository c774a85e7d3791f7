/**
 * Tokens of one answer, as its `usage` says.
 */

/** `cachedInput` is part of `input`, `reasoning` of `output`. */
export interface Usage {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  readonly reasoning: number;
}
