/**
 * Whole answers of the Responses API: what a `response` and its items must be,
 * in a JSON answer and in the events of a stream alike.
 */
import type { Expectation, Unkept } from './complete.ts';
import { isObject, isWholeJson, type Json, listOf } from './json.ts';
import { areArgumentsWhole, argumentsText } from './tool-call.ts';

type Wanted = Pick<Expectation, 'incomplete' | 'jsonText'>;

/** @param answered whether events have already brought an item that answers: Codex's server leaves `output` empty then (litellm#32724) */
export function whyNotResponse(response: Json, wanted: Wanted, answered: boolean): Unkept | null {
  if (response.error) return 'error-object';
  const cut = wanted.incomplete === 'keep' && isCut(response);
  if (response.status !== 'completed' && !cut) return 'unfinished';
  const items = listOf(response.output ?? []);
  if (items === null || (!cut && items.some(isUnfinished))) return 'unfinished';
  if (!answered && !items.some(isAnswering) && (wanted.jsonText || !cut)) return 'unfinished';
  return items.reduce<Unkept | null>((why, item) => why ?? whyNotItem(item, wanted, cut), null);
}

/** By its token limit. What a content filter has cut is not: the filter may decide otherwise tomorrow. */
function isCut({ status, incomplete_details: details }: Json): boolean {
  return status === 'incomplete' && isObject(details) && details.reason === 'max_output_tokens';
}

function isUnfinished({ status }: Json): boolean {
  return status === 'incomplete' || status === 'in_progress';
}

export function isAnswering({ type }: Json): boolean {
  return type !== 'reasoning';
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
