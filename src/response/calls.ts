/**
 * The calls of tools in one choice, put together from what is said of them.
 */
import { isObject, isWholeJson, type Json, listOf } from './json.ts';
import { areArgumentsWhole, argumentsText } from './tool-call.ts';

export class Calls {
  /** The arguments of each call, by its place; null for a custom tool. */
  readonly #texts = new Map<unknown, string | null>();
  /** The place of each call that has said its id. */
  readonly #places = new Map<unknown, unknown>();
  /** The place of the call that was spoken of last. */
  #last: unknown = null;
  /** True once a piece has come whose number is that of no call. */
  #countsPieces = false;

  get size(): number {
    return this.#texts.size;
  }

  /**
   * @param said a message, or a delta
   * @param isWhole whether each call in it stands for itself
   * @returns false where that is no list of calls
   */
  add({ tool_calls: toolCalls, function_call: functionCall }: Json, isWhole: boolean): boolean {
    if (isObject(functionCall)) this.#append('function_call', functionCall);
    if (toolCalls === undefined || toolCalls === null) return true;
    const calls = listOf(toolCalls);
    if (calls === null) return false;
    for (const [at, call] of calls.entries()) {
      const place = isWhole ? at : this.#placeOf(call, at, calls.length);
      if (call.type === 'custom' || isObject(call.custom)) this.#set(place, null);
      else this.#append(place, isObject(call.function) ? call.function : {});
    }
    return true;
  }

  /** @param cut whether the choice may have gone on */
  areWhole(cut: boolean): boolean {
    for (const text of this.#texts.values()) if (text !== null && !areArgumentsWhole(text, cut)) return false;
    return true;
  }

  /**
   * By number or by id: Gemini numbers no calls, and sends each of them whole with
   * an id of its own (openai-python#2806). What has neither goes on with the last
   * call, unless that is whole and this one names its function.
   */
  #placeOf(call: Json, at: number, count: number): unknown {
    const { index, id } = call;
    const place = index === undefined || index === null ? this.#placeById(id) : this.#placeByNumber(index, call);
    if (id) this.#places.set(id, place);
    if (place !== null) return place;
    if (count > 1) return `at ${at}`;
    const last = this.#texts.get(this.#last);
    const isNew = last === undefined || (isNamed(call) && (last === null || isWholeJson(last, false)));
    return isNew ? `after ${this.size}` : this.#last;
  }

  #placeById(id: unknown): unknown {
    return id ? (this.#places.get(id) ?? id) : null;
  }

  /** Some servers count the pieces of one call in the place of calls (dirac#215). */
  #placeByNumber(index: unknown, call: Json): unknown {
    if (this.#texts.has(index) || call.id || isNamed(call)) return index;
    // It stays so, rather than that all that has come is read again for each piece.
    this.#countsPieces ||= this.#isOpen(this.#last);
    return this.#countsPieces ? this.#last : index;
  }

  /** Tests whether a call has begun, and its arguments are not whole yet. */
  #isOpen(place: unknown): boolean {
    const text = this.#texts.get(place);
    return typeof text === 'string' && !isWholeJson(text, false);
  }

  #append(place: unknown, { arguments: more }: Json): void {
    this.#set(place, (this.#texts.get(place) ?? '') + argumentsText(more));
  }

  #set(place: unknown, text: string | null): void {
    this.#texts.set(place, text);
    this.#last = place;
  }
}

function isNamed({ function: called }: Json): boolean {
  return isObject(called) && Boolean(called.name);
}
