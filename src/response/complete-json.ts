/**
 * Whole answers that are one JSON document.
 */
import { Choice } from './choice.ts';
import { type Expectation, type Judge, MORE, type Step, type Unkept, type Verdict } from './complete.ts';
import { whyNotResponse } from './complete-response.ts';
import { isObject, type Json, listOf, parse } from './json.ts';
import { readUsage, type Usage } from './usage.ts';

export class JsonJudge implements Judge {
  usage: Usage | null = null;
  readonly #expected: Expectation;
  readonly #delimited: boolean;

  /** @param delimited whether HTTP marked the body's end; where only the connection's end did, JSON that does not parse was cut */
  constructor(expected: Expectation, delimited: boolean) {
    this.#expected = expected;
    this.#delimited = delimited;
  }

  push(): Step {
    return MORE;
  }

  end(read: () => Buffer): Verdict {
    const body = read();
    const answer = parse(body.toString());
    if (answer === undefined && !this.#delimited && body.length > 0) return { kind: 'broken', why: 'its JSON breaks off' };
    if (!isObject(answer)) return { kind: 'unkept', why: 'not-json' };
    this.usage = readUsage(answer.usage);
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

/** Every choice that was asked for is there, says something and says why it ended. */
function whyNotChoices({ endpoint, choices: wanted, jsonText }: Expectation, choices: readonly Json[] | null): Unkept | null {
  if (choices === null) return 'missing-choice';
  for (const piece of choices) {
    const choice = new Choice(jsonText);
    choice.add(piece);
    const why = choice.whyNot();
    if (why) return why;
  }
  const says = (choice: Json) => (endpoint === 'chat' ? isObject(choice.message) : typeof choice.text === 'string');
  const indices = choices.map(({ index }, at) => index ?? at);
  return choices.every(says) && isNumbered(indices, wanted) ? null : 'missing-choice';
}

/** One vector for each input, numbered 0 to n-1. */
function whyNotVectors(vectors: readonly Json[] | null, wanted: number | null): Unkept | null {
  if (vectors === null || !vectors.every(({ embedding }) => isVector(embedding))) return 'missing-input';
  const indices = vectors.map(({ index }) => index);
  return isNumbered(indices, wanted ?? vectors.length) ? null : 'missing-input';
}

/** Numbers or their base64. Some servers answer 200 with nulls in the place of numbers (omlx#3507). */
function isVector(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  return Array.isArray(value) && value.length > 0 && value.every((number) => typeof number === 'number');
}

function whyNotResults(results: readonly Json[] | null, wanted: number): Unkept | null {
  const isSound = results !== null && results.length > 0 && results.every(({ flagged }) => typeof flagged === 'boolean');
  return isSound && results.length === wanted ? null : 'missing-input';
}

/** Whether these are the numbers from 0 to `count` - 1, each once, and not none at all. */
export function isNumbered(indices: readonly unknown[], count: number): boolean {
  if (count === 0 || indices.length !== count) return false;
  const distinct = new Set(indices);
  return indices.every((_, index) => distinct.has(index));
}
