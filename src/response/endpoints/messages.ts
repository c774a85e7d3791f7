/**
 * Answers of Anthropic's messages: content blocks, and the reason why they end.
 * A stream brings each block in pieces, between its start and its stop, and
 * `message_stop` ends it.
 */
import type { Expectation, Keep, Unkept } from '../complete.ts';
import { type EventMeaning, isDone, StreamValidator } from '../complete-stream.ts';
import { isContent } from '../content.ts';
import { CALLING, CUTS, ENDINGS } from '../endings.ts';
import type { ErrorDialect } from '../error-dialect.ts';
import { isErrorObject, isObject, isWholeJson, type Json, listOf, modelOf, parse } from '../json.ts';
import type { ServerSentEvent } from '../sse.ts';
import { countOf, detailOf, type Usage, type UsageReader } from '../usage.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';

/** The tools by which the server looks something up, which may say something else tomorrow. */
const SEARCHES: ReadonlySet<unknown> = new Set(['web_search', 'web_fetch']);

/** A content block, as far as it has come. */
interface Block {
  readonly type: string;
  /** True where it looks something up, or brings what was found. */
  readonly isSearch: boolean;
  /** Of a text, collected only where that is to be JSON. */
  text: string;
  /** Of a call of a tool, its input: the value itself, or the JSON text of it as a stream brings it. */
  input: unknown;
  says: boolean;
  isOver: boolean;
}

function blockOf({ type, name, text, input, ...others }: Json, jsonText: boolean, isOver: boolean): Block {
  const kind = typeof type === 'string' ? type : '';
  return {
    type: kind,
    isSearch: SEARCHES.has(kind.replace(/_tool_result$/, '')) || (kind === 'server_tool_use' && SEARCHES.has(name)),
    text: jsonText && kind === 'text' && typeof text === 'string' ? text : '',
    input: isOver ? input : '',
    says: isCall(kind) || [text, ...Object.values(others)].some(isContent),
    isOver,
  };
}

function isCall(type: string): boolean {
  return type.endsWith('tool_use');
}

/** Why a message is not whole whose blocks are all here, or nothing. */
function whyNotMessage(ending: unknown, blocks: readonly Block[], expected: Expectation): Unkept | null {
  const { keep, jsonText, output } = expected;
  const reason = typeof ending === 'string' ? ending.toLowerCase() : '';
  const cut = CUTS.get(reason);
  const isEnded = cut !== undefined || ENDINGS.has(reason);
  if (!isEnded || blocks.some(({ isOver }) => !isOver)) return 'unfinished';
  if (blocks.some(({ isSearch }) => isSearch)) return 'web-search';
  const calls = blocks.filter(({ type }) => isCall(type));
  if (!calls.every((call) => isWholeInput(call.input, cut === 'length' && call === blocks.at(-1)))) return 'tool-call';
  if (CALLING.has(reason) && calls.length === 0) return 'tool-call';
  if (jsonText && !isText(blocks, cut)) return 'text-not-json';
  if (cut !== undefined && !keep.has(cut)) return cut;
  const isEmpty = output && cut !== 'content-filter' && !blocks.some(({ says }) => says);
  return isEmpty && !keep.has('empty') ? 'empty' : null;
}

/** Text that is there is JSON; where there is none, a refusal or a call stands in its place. */
function isText(blocks: readonly Block[], cut: Keep | undefined): boolean {
  const text = blocks.map((block) => block.text).join('');
  if (text !== '') return isWholeJson(text, cut !== undefined);
  return cut === 'content-filter' || blocks.some(({ type }) => isCall(type));
}

/**
 * Tests whether the input of a call is an object. A stream brings none of one that is empty.
 * @param cut whether it may have been longer, which a value in a document does not show
 */
function isWholeInput(input: unknown, cut: boolean): boolean {
  if (typeof input === 'string') return input.trim() === '' ? !cut : isObject(parse(input));
  return isObject(input) && !cut;
}

export class MessageStreamValidator extends StreamValidator {
  readonly #expected: Expectation;
  /** By index; in the order in which they began. */
  readonly #blocks = new Map<unknown, Block>();
  #ending: unknown = null;
  #hasBegun = false;
  #isOver = false;
  #unkept: Unkept | null = null;

  constructor(expected: Expectation) {
    super();
    this.#expected = expected;
  }

  protected onEvent({ name, data }: ServerSentEvent): EventMeaning {
    const event = parse(data);
    if (name === 'error' || (isObject(event) && isErrorObject(event))) return 'error';
    if (!isObject(event)) {
      // Some gateways end every stream as OpenAI does.
      if (!isDone(data)) this.#unkept ??= 'not-json';
      return 'more';
    }
    const type = typeof event.type === 'string' ? event.type : name;
    this.#read(type, event);
    return type === 'message_stop' ? 'terminal' : 'more';
  }

  /** Events of other types may be added at any time; none of them changes what these say. */
  #read(type: string, event: Json): void {
    switch (type) {
      case 'message_start':
        this.#hasBegun = true;
        if (!isObject(event.message)) return;
        this.model ??= modelOf(event.message);
        return this.#count(event.message.usage);
      case 'content_block_start':
        return this.#begin(event.index, event.content_block);
      case 'content_block_delta':
        return this.#append(event.index, event.delta);
      case 'content_block_stop':
        return this.#end(event.index);
      case 'message_delta':
        if (isObject(event.delta)) this.#ending = event.delta.stop_reason ?? this.#ending;
        return this.#count(event.usage);
      case 'message_stop':
        this.#isOver = true;
    }
  }

  #count(usage: unknown): void {
    this.usage = MESSAGE_USAGE.later(this.usage, MESSAGE_USAGE.read(usage));
  }

  #begin(index: unknown, block: unknown): void {
    if (!isObject(block) || this.#blocks.has(index)) this.#unkept ??= 'dialect';
    else this.#blocks.set(index, blockOf(block, this.#expected.jsonText, false));
  }

  #append(index: unknown, delta: unknown): void {
    const block = this.#blocks.get(index);
    if (!block || block.isOver || !isObject(delta)) {
      this.#unkept ??= 'dialect';
      return;
    }
    const { type, text, partial_json: json, ...others } = delta;
    if (typeof json === 'string') block.input = `${block.input}${json}`;
    if (typeof text === 'string' && this.#expected.jsonText && block.type === 'text') block.text += text;
    block.says ||= [text, json, ...Object.values(others)].some(isContent);
  }

  #end(index: unknown): void {
    const block = this.#blocks.get(index);
    if (block) block.isOver = true;
    else this.#unkept ??= 'dialect';
  }

  protected whyNot(): Unkept | null {
    if (!this.#hasBegun) return 'dialect';
    if (!this.#isOver) return 'unfinished';
    return this.#unkept ?? whyNotMessage(this.#ending, [...this.#blocks.values()], this.#expected);
  }
}

/** Anthropic counts input that its own prefix cache read or wrote apart, and reports at the end what has grown. */
const MESSAGE_USAGE: UsageReader = {
  read(value) {
    if (!isObject(value) || (value.input_tokens ?? value.output_tokens ?? null) === null) return null;
    const fresh = countOf(value.input_tokens ?? 0);
    const output = countOf(value.output_tokens ?? 0);
    const cachedInput = countOf(value.cache_read_input_tokens ?? 0);
    const written = countOf(value.cache_creation_input_tokens ?? 0);
    const hour = detailOf(value.cache_creation, 'ephemeral_1h_input_tokens');
    const thinking = detailOf(value.output_tokens_details, 'thinking_tokens');
    if (fresh === null || output === null || cachedInput === null) return null;
    if (written === null || hour === null || thinking === null) return null;
    const cacheWrite1h = Math.min(hour, written);
    const cacheWrite5m = written - cacheWrite1h;
    return {
      input: fresh + cachedInput + written,
      cachedInput,
      ...(cacheWrite5m > 0 && { cacheWrite5m }),
      ...(cacheWrite1h > 0 && { cacheWrite1h }),
      output,
      reasoning: Math.min(thinking, output),
    };
  },

  find: ({ usage }) => MESSAGE_USAGE.read(usage),

  /** Totals grow; the first has more of its parts than one that repeats it, and the last need not repeat it. */
  later(before, now) {
    if (before === null || now === null) return now ?? before;
    const fuller: Usage = now.input > before.input ? now : before;
    const output = Math.max(before.output, now.output);
    return { ...fuller, output, reasoning: Math.max(before.reasoning, now.reasoning) };
  },
};

/** The types of Anthropic's errors, by status. */
const ERROR_TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
]);

/** `{"type":"error","error":{"type","message"}}`; our code stands where the SDK looks for one. */
const ANTHROPIC_ERRORS: ErrorDialect = {
  body({ status, message, code }) {
    const type = ERROR_TYPES.get(status) ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
    return JSON.stringify({ type: 'error', error: { type, message, details: { error_code: code } } });
  },
  event: (error) => `event: error\ndata: ${ANTHROPIC_ERRORS.body(error)}\n\n`,
};

export const messages: ResponseEndpoint = {
  whyNotWhole({ content, stop_reason: ending }, expected) {
    const blocks = listOf(content)?.map((block) => blockOf(block, expected.jsonText, true));
    return blocks === undefined ? 'dialect' : whyNotMessage(ending, blocks, expected);
  },
  createStreamValidator: (expected) => new MessageStreamValidator(expected),
  usage: MESSAGE_USAGE,
  answerId: () => null,
  errors: ANTHROPIC_ERRORS,
};
