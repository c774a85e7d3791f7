/**
 * JSON as servers write it, read without trust.
 */
import { withoutByteOrderMark } from './byte-order-mark.ts';

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list of objects; null for anything else, also for a list in which one thing is no object. */
export function listOf(value: unknown): readonly Json[] | null {
  return Array.isArray(value) && value.every(isObject) ? value : null;
}

/** @returns undefined where the text is not JSON */
export function parse(text: string): unknown {
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch {
    return undefined;
  }
}

/**
 * Tests whether a document, or the data of an event, is an error in the place of an answer: under `error`, in an object
 * that calls itself one, or in the `base_resp` that MiniMax sends with every answer.
 */
export function isErrorObject({ error, object, type, base_resp: status }: Json): boolean {
  return Boolean(error) || object === 'error' || type === 'error' || (isObject(status) && Boolean(status.status_code));
}

/** The longest name of a model, in UTF-16 units. */
const LONGEST_MODEL = 200;

/** The model that an answer, or a part of one, names as its own. */
export function modelOf({ model }: Json): string | null {
  return typeof model === 'string' && model !== '' && model.length <= LONGEST_MODEL ? model : null;
}

/**
 * Tests whether a text is JSON from its beginning to its end.
 *
 * @param cut whether it may have been longer: of all JSON, only a number has beginnings that are JSON too
 */
export function isWholeJson(text: string, cut: boolean): boolean {
  const value = parse(text);
  return value !== undefined && !(cut && typeof value === 'number');
}
