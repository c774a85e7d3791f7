/**
 * Whole answers that are one JSON document.
 */
import { withoutByteOrderMark } from './byte-order-mark.ts';
import type { Expectation, Unkept, Verdict } from './complete.ts';

export type Json = Readonly<Record<string, unknown>>;

/** @param delimited whether HTTP marked the body's end; where only the connection's end did, JSON that does not parse was cut */
export function judgeJson(expected: Expectation, body: Buffer, delimited: boolean): Verdict {
  const answer = parse(body.toString());
  if (answer === undefined && !delimited && body.length > 0) return { kind: 'broken', why: 'its JSON breaks off' };
  if (!isObject(answer)) return { kind: 'unkept', why: 'not-json' };
  const why = whyNotWhole(expected, answer);
  if (why) return { kind: 'unkept', why };
  const answerId = expected.endpoint === 'responses' && typeof answer.id === 'string' ? answer.id : null;
  return { kind: 'whole', answerId };
}

function whyNotWhole(expected: Expectation, answer: Json): Unkept | null {
  if (answer.error) return 'error-object';
  switch (expected.endpoint) {
    case 'chat':
    case 'completions':
      return whyNotChoices(listOf(answer.choices), expected.choices);
    case 'embeddings':
      return whyNotNumbered(listOf(answer.data), expected.inputs);
    case 'moderations':
      return listOf(answer.results).length === (expected.inputs ?? 1) ? null : 'missing-input';
    case 'responses':
      return whyNotResponse(answer);
  }
}

/** Every choice that was asked for is there and says why it ended. */
function whyNotChoices(choices: readonly Json[], wanted: number): Unkept | null {
  return choices.reduce<Unkept | null>((why, choice) => why ?? whyNotChoice(choice), null) ?? (choices.length === wanted ? null : 'missing-choice');
}

/** The reasons for which a model ends by itself. Any other may be a failure that a server tells in this place. */
const ENDINGS: ReadonlySet<unknown> = new Set([
  'stop', 'length', 'tool_calls', 'content_filter', 'function_call', 'eos', 'eos_token', 'stop_sequence', 'end_turn', 'max_tokens',
]);

/** Also used on the choices of a stream's chunks. */
export function whyNotChoice(choice: Json): Unkept | null {
  if (choice.error) return 'error-object';
  return ENDINGS.has(choice.finish_reason) ? null : 'unfinished';
}

/** One vector for each input, numbered 0 to n-1. */
function whyNotNumbered(vectors: readonly Json[], wanted: number | null): Unkept | null {
  const indices = new Set(vectors.map((vector) => vector.index));
  const count = wanted ?? vectors.length;
  if (count === 0 || vectors.length !== count) return 'missing-input';
  for (let index = 0; index < count; index++) if (!indices.has(index)) return 'missing-input';
  return null;
}

/** Also used on the `response` of a stream's terminal event. */
export function whyNotResponse(response: Json): Unkept | null {
  if (response.error) return 'error-object';
  if (response.status !== 'completed') return 'unfinished';
  // The search may find something else tomorrow, even where the request let the tool pass as harmless.
  return listOf(response.output).some((item) => item.type === 'web_search_call') ? 'web-search' : null;
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns undefined where the text is not JSON */
export function parse(text: string): unknown {
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch {
    return undefined;
  }
}
