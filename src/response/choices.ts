/**
 * The choices of a JSON answer.
 */
import { Choice } from './choice.ts';
import type { Expectation, Unkept } from './complete.ts';
import type { Json } from './json.ts';
import { isNumbered } from './numbering.ts';

/** Every choice says something and why it ended; a server that ignores `n` gives one to each prompt. */
export function whyNotChoices(expected: Expectation, choices: readonly Json[] | null): Unkept | null {
  if (choices === null) return 'missing-choice';
  for (const piece of choices) {
    const choice = new Choice(expected);
    const says = choice.addWhole(piece);
    const why = choice.whyNot();
    if (why) return why;
    if (!says) return 'missing-choice';
  }
  const indices = choices.map(({ index }) => index);
  return isNumbered(indices, expected.prompts, expected.choices) ? null : 'missing-choice';
}
