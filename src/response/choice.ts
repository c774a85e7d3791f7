/**
 * A choice of a chat or text completion: what it says and why it ended. A JSON
 * answer says it all at once, a stream piece by piece; both are told apart
 * only by how often `add` is called.
 */
import type { Unkept } from './complete.ts';
import { isObject, isWholeJson, type Json, listOf } from './json.ts';
import { areArgumentsWhole, argumentsText } from './tool-call.ts';

/** The reasons for which a choice ends before the model has ended it. */
const CUTS: ReadonlySet<unknown> = new Set(['length', 'max_tokens', 'content_filter']);

/** The reasons for which a model ends by itself. */
const ENDINGS: ReadonlySet<unknown> = new Set(['stop', 'tool_calls', 'function_call', 'eos', 'eos_token', 'stop_sequence', 'end_turn']);

/** The reasons that promise a call. */
const CALLING: ReadonlySet<unknown> = new Set(['tool_calls', 'function_call']);

export class Choice {
  readonly #jsonText: boolean;
  #ending: string | null = null;
  #why: Unkept | null = null;
  /** Collected only where it is to be JSON. */
  #text = '';
  #refuses = false;
  /** The arguments of each call, by its place; null for a custom tool. */
  readonly #calls = new Map<unknown, string | null>();

  /** @param jsonText whether its text is to be JSON */
  constructor(jsonText: boolean) {
    this.#jsonText = jsonText;
  }

  /** Whether it has said why it ended. */
  get isFinished(): boolean {
    return this.#ending !== null;
  }

  /** @param piece an item of `choices`, of a JSON answer or of a chunk */
  add(piece: Json): void {
    const { finish_reason: ending, error } = piece;
    if (error) this.#why ??= 'error-object';
    if (typeof ending === 'string' && ending !== '') this.#end(ending);
    const said = piece.message ?? piece.delta ?? { content: piece.text };
    if (isObject(said) && this.#why === null) this.#hear(said);
  }

  /** A reason that is neither may be a failure that a server tells in this place. */
  #end(ending: string): void {
    this.#ending = ending;
    if (!ENDINGS.has(ending) && !CUTS.has(ending)) this.#why ??= 'unfinished';
  }

  #hear({ content, refusal, tool_calls: toolCalls, function_call: functionCall }: Json): void {
    if (this.#jsonText && typeof content === 'string') this.#text += content;
    if (typeof refusal === 'string' && refusal !== '') this.#refuses = true;
    if (isObject(functionCall)) this.#call('function_call', functionCall);
    const calls = listOf(toolCalls ?? []);
    if (calls === null) this.#why ??= 'tool-call';
    for (const [at, call] of (calls ?? []).entries()) {
      // Gemini numbers no calls, and sends each of them whole with an id of its own (openai-python#2806).
      const place = call.index ?? (call.id || at);
      if (call.type === 'custom' || isObject(call.custom)) this.#calls.set(place, null);
      else this.#call(place, isObject(call.function) ? call.function : {});
    }
  }

  #call(place: unknown, { arguments: more }: Json): void {
    this.#calls.set(place, (this.#calls.get(place) ?? '') + argumentsText(more));
  }

  /** Why it is not whole, or nothing. Legal only once everything was added. */
  whyNot(): Unkept | null {
    if (this.#why) return this.#why;
    if (this.#ending === null) return 'unfinished';
    const cut = CUTS.has(this.#ending);
    const calls = [...this.#calls.values()];
    if (!calls.every((text) => text === null || areArgumentsWhole(text, cut))) return 'tool-call';
    if (calls.length === 0 && CALLING.has(this.#ending)) return 'tool-call';
    return this.#jsonText && !this.#isText(cut) ? 'text-not-json' : null;
  }

  /** Text that is there is JSON; where there is none, a refusal or a call stands in its place. */
  #isText(cut: boolean): boolean {
    return this.#text === '' ? this.#refuses || this.#calls.size > 0 : isWholeJson(this.#text, cut);
  }
}
