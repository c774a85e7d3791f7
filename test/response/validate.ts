/**
 * An answer, put to its validator as it would pass.
 */
import type { Expectation, Validator, Unkept } from '../../src/response/complete.ts';
import { validatorOf } from '../../src/response/validator.ts';
import type { Usage } from '../../src/response/usage.ts';

/** The expectations beyond a chat answer of one choice. */
export type Wanted = Partial<Expectation>;

/** A verdict in a word: why it is not kept, where it is not. */
export type Word = 'whole' | Unkept;

/** Most tests are of how an answer ends, and have it say nothing. */
export const EXPECTED: Expectation = {
  endpoint: 'chat',
  choices: 1,
  prompts: 1,
  inputs: null,
  jsonText: false,
  output: true,
  usage: false,
  keep: new Set(['length', 'empty']),
  doneMarker: 'required',
  noStore: 'obey',
};

export function validateJson(answer: unknown, wanted: Wanted = {}): Word {
  return validate([typeof answer === 'string' ? answer : JSON.stringify(answer)], 'application/json', wanted);
}

/** @param delimited whether HTTP marks its end */
export function validateStream(chunks: readonly (string | Buffer)[], wanted: Wanted = {}, delimited = true): Word {
  return validate(chunks, 'text/event-stream', wanted, delimited);
}

/** The usage that the validator of a whole answer has read. */
export function usageOf(
  chunks: readonly Buffer[],
  type: string,
  wanted: Wanted = {},
  headers: readonly string[] = [],
): Usage | null {
  const validator = validateFor(type, wanted, headers);
  for (const chunk of chunks) validator.push(chunk);
  validator.end(() => Buffer.concat(chunks));
  return validator.usage;
}

function validateFor(type: string, wanted: Wanted, headers: readonly string[] = [], delimited = true): Validator {
  const head = { status: 200, statusText: 'OK', headers: ['content-type', type, ...headers] };
  return validatorOf({ ...EXPECTED, ...wanted }, head, { length: null, delimited });
}

function validate(chunks: readonly (string | Buffer)[], type: string, wanted: Wanted, delimited = true): Word {
  const validator = validateFor(type, wanted, [], delimited);
  const bytes = chunks.map((chunk) => Buffer.from(chunk));
  const steps = bytes.map((chunk) => validator.push(chunk));
  if (steps.filter((step) => step === 'committed').length > 1) throw new Error('committed twice');
  const verdict = validator.end(() => Buffer.concat(bytes));
  return verdict.kind === 'unkept' ? verdict.why : verdict.kind;
}

/** The chunks of a stream of chat: one for each item of `choices`, or none for an empty list, then `[DONE]`. */
export function chatStream(...choices: readonly unknown[]): string[] {
  return [...choices.map(chatChunk), 'data: [DONE]\n\n'];
}

/** One chunk with this choice in it. */
export function chatChunk(choice: unknown): string {
  return dataEvent({ object: 'chat.completion.chunk', choices: [choice] });
}

export function dataEvent(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** An event as the Responses API writes it. */
export function namedEvent(type: string, fields: object): string {
  return `event: ${type}\n${dataEvent({ type, ...fields })}`;
}
