/**
 * Whole answers that are one JSON document.
 */
import { Choice } from './choice.ts';
import type { Expectation, Validator, Step, Unkept, Verdict } from './complete.ts';
import { whyNotResponse } from './complete-response.ts';
import { isObject, type Json, listOf, modelOf, parse } from './json.ts';
import { findUsage, type Usage } from './usage.ts';

export class JsonJudge implements Validator {
  usage: Usage | null = null;
  model: string | null = null;
  readonly saysError = false;
  readonly #expected: Expectation;

  constructor(expected: Expectation) {
    this.#expected = expected;
  }

  push(): Step {
    return 'more';
  }

  end(read: () => Buffer): Verdict {
    const answer = parse(read().toString());
    if (!isObject(answer)) return { kind: 'unkept', why: 'not-json' };
    this.usage = findUsage(answer);
    this.model = modelOf(answer);
    const why = whyNotWhole(this.#expected, answer);
    if (why) return { kind: 'unkept', why };
    const answerId = this.#expected.endpoint === 'responses' && typeof answer.id === 'string' ? answer.id : null;
    return { kind: 'whole', answerId };
  }
}

function whyNotWhole(expected: Expectation, answer: Json): Unkept | null {
  if (answer.error) return 'error-object';
  switch (expected.endpoint) {
    case 'chat':
    case 'completions':
      return whyNotChoices(expected, listOf(answer.choices));
    case 'embeddings':
      return whyNotVectors(listOf(answer.data), expected.inputs);
    case 'moderations':
      return whyNotResults(listOf(answer.results), expected.inputs ?? 1);
    case 'responses':
      return whyNotResponse(answer, expected, false);
  }
}

/** Every choice says something and why it ended; a server that ignores `n` gives one to each prompt. */
function whyNotChoices(expected: Expectation, choices: readonly Json[] | null): Unkept | null {
  if (choices === null) return 'missing-choice';
  for (const piece of choices) {
    const choice = new Choice(expected);
    const says = choice.addWhole(piece);
    const why = choice.whyNot();
    if (why) return why;
    if (!says) return 'missing-choice';
  }
  return isNumbered(
    choices.map(({ index }) => index),
    expected.prompts,
    expected.choices,
  )
    ? null
    : 'missing-choice';
}

/** One vector for each input. */
function whyNotVectors(vectors: readonly Json[] | null, wanted: number | null): Unkept | null {
  if (vectors === null || !vectors.every(({ embedding }) => isVector(embedding, 0))) return 'missing-input';
  const count = wanted ?? vectors.length;
  return isNumbered(
    vectors.map(({ index }) => index),
    count,
    count,
  )
    ? null
    : 'missing-input';
}

/** A vector for each token, for one server; deeper is no embedding. */
const DEEPEST_VECTOR = 2;

/**
 * Numbers or their base64, or vectors of them. Some servers answer 200 with nulls in the place of numbers (omlx#3507).
 */
function isVector(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value !== '';
  if (!Array.isArray(value) || value.length === 0 || depth > DEEPEST_VECTOR) return false;
  return value.every((item) => typeof item === 'number' || (typeof item === 'object' && isVector(item, depth + 1)));
}

function whyNotResults(results: readonly Json[] | null, wanted: number): Unkept | null {
  const isSound =
    results !== null && results.length > 0 && results.every(({ flagged }) => typeof flagged === 'boolean');
  return isSound && results.length === wanted ? null : 'missing-input';
}

/**
 * Tests whether `indices` are the numbers from 0 on, each once, as many as wanted,
 * and not none at all. What has no number takes a place that is left: servers
 * leave it out everywhere, or where it is 0.
 */
export function isNumbered(indices: readonly unknown[], least: number, most: number): boolean {
  const count = indices.length;
  if (count === 0 || count < least || count > most) return false;
  const numbers = new Set<unknown>(Array.from(indices, (_, place) => place));
  return indices.every((index) => index === undefined || index === null || numbers.delete(index));
}
