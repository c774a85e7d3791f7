/**
 * Whole answers of the Responses API: what a `response` and its items must be,
 * in a JSON answer and in the events of a stream alike.
 */
import type { Expectation, Keep, Unkept } from './complete.ts';
import { hasContent } from './content.ts';
import { isObject, isWholeJson, type Json, listOf } from './json.ts';
import { areArgumentsWhole, argumentsText } from './tool-call.ts';

type Wanted = Pick<Expectation, 'keep' | 'jsonText' | 'output'>;

/** The reasons for which a response is incomplete that a retry need not change. */
const CUTS: ReadonlyMap<unknown, Keep> = new Map([
  ['max_output_tokens', 'incomplete'],
  ['content_filter', 'content-filter'],
]);

/**
 * @param said whether events have already brought an item that says something: Codex's server leaves `output` empty
 * then (litellm#32724)
 */
export function whyNotResponse(response: Json, wanted: Wanted, said: boolean): Unkept | null {
  if (response.error) return 'error-object';
  const cut = cutOf(response);
  if (cut === null && !isCompleted(response)) return 'unfinished';
  const items = listOf(response.output ?? []);
  if (items === null || (cut === null && items.some(isUnfinished))) return 'unfinished';
  for (const item of items) {
    const why = whyNotItem(item, wanted, cut !== null);
    if (why) return why;
  }
  if (cut !== null && !wanted.keep.has(cut)) return cut;
  return said || items.some(isAnswering) ? null : whyNotSilent(items, wanted, cut);
}

/** Why a response that neither says nor does anything is not whole, or nothing. */
function whyNotSilent(items: readonly Json[], { jsonText, output, keep }: Wanted, cut: Keep | null): Unkept | null {
  if (jsonText) return 'text-not-json';
  // Thoughts that are not shown are all that a response has come to which was cut.
  const isEmpty = !items.some((item) => cut !== null || hasContent(item));
  return isEmpty && cut !== 'content-filter' && output && !keep.has('empty') ? 'empty' : null;
}

/** The schema does not require a status. */
function isCompleted({ status, incomplete_details: details, output }: Json): boolean {
  if (status === undefined || status === null) return !details && Array.isArray(output);
  return statusOf({ status }) === 'completed';
}

function cutOf(response: Json): Keep | null {
  const { incomplete_details: details } = response;
  return statusOf(response) === 'incomplete' && isObject(details) ? (CUTS.get(details.reason) ?? null) : null;
}

function isUnfinished(item: Json): boolean {
  const status = statusOf(item);
  return status === 'incomplete' || status === 'in_progress';
}

/** In lower case; nothing where it is no text. */
function statusOf({ status }: Json): string | null {
  return typeof status === 'string' ? status.toLowerCase() : null;
}

/** Tests whether an item says or does something: a message, or a call of whatever kind. */
export function isAnswering(item: Json): boolean {
  return item.type !== 'reasoning' && (item.type !== 'message' || hasContent(item));
}

/** @param cut whether the item may have been longer */
export function whyNotItem(item: Json, { jsonText }: Pick<Wanted, 'jsonText'>, cut: boolean): Unkept | null {
  const isShort = cut || isUnfinished(item);
  switch (item.type) {
    case 'web_search_call':
      // The search may find something else tomorrow, even where the request let the tool pass as harmless.
      return 'web-search';
    case 'function_call':
      return areArgumentsWhole(argumentsText(item.arguments), isShort) ? null : 'tool-call';
    case 'message':
      return jsonText && !isMessageJson(item, isShort) ? 'text-not-json' : null;
    default:
      return null;
  }
}

/** Text that is there is JSON; where there is none, a refusal stands in its place. */
function isMessageJson({ content }: Json, cut: boolean): boolean {
  const parts = listOf(content) ?? [];
  const texts = parts.map(({ type, text }) => (type === 'output_text' && typeof text === 'string' ? text : ''));
  const text = texts.join('');
  return text === '' ? parts.some(({ type }) => type === 'refusal') : isWholeJson(text, cut);
}
