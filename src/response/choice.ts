/**
 * A choice of a chat or text completion: what it says and why it ended. A JSON
 * answer says it all at once (`addWhole`), a stream piece by piece (`addPiece`).
 */
import { Calls } from './calls.ts';
import type { Expectation, Keep, Unkept } from './complete.ts';
import { hasContent, isContent } from './content.ts';
import { CALLING, CUTS, ENDINGS } from './endings.ts';
import { isObject, isWholeJson, type Json } from './json.ts';

/** Words of servers that have to write a text where the API has null. */
const NOT_YET: ReadonlySet<string> = new Set(['', 'null']);

type Expected = Pick<Expectation, 'jsonText' | 'output' | 'keep'>;

export class Choice {
  readonly #expected: Expected;
  #ending: string | null = null;
  #why: Unkept | null = null;
  /** Collected only where it is to be JSON. */
  #text = '';
  #refuses = false;
  /** True where there was anything that could say something: a message, a delta or a text. */
  #hasMessage = false;
  #says = false;
  #goesOn = false;
  readonly #calls = new Calls();

  constructor(expected: Expected) {
    this.#expected = expected;
  }

  /** True where more came after its end: some servers say `stop` in every chunk (litellm#2195), which ends nothing. */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /** @param piece an item of `choices`, of a JSON answer @returns whether it is a message or a text at all */
  addWhole(piece: Json): boolean {
    const said = piece.message ?? piece.delta ?? textOf(piece);
    this.#add(piece, said, true);
    return isObject(said);
  }

  /**
   * @param piece an item of `choices`, of a chunk; some servers repeat all that was said in a `message` beside the
   * `delta`
   */
  addPiece(piece: Json): void {
    this.#add(piece, piece.delta ?? piece.message ?? textOf(piece), false);
  }

  #add({ finish_reason: ending, error, logprobs }: Json, said: unknown, isWhole: boolean): void {
    if (error) this.#why ??= 'error-object';
    if (this.#ending !== null && isObject(said)) this.#goesOn ||= hasContent(said);
    if (typeof ending === 'string' && !NOT_YET.has(ending)) this.#end(ending.toLowerCase());
    this.#says ||= isContent(logprobs);
    if (!isObject(said)) return;
    this.#hasMessage = true;
    if (this.#why === null) this.#onMessage(said, isWhole);
  }

  /** A reason that is neither may be a failure that a server reports in this place. */
  #end(ending: string): void {
    this.#ending = ending;
    if (!ENDINGS.has(ending) && !CUTS.has(ending)) this.#why ??= 'unfinished';
  }

  #onMessage(said: Json, isWhole: boolean): void {
    const { content, refusal } = said;
    if (this.#expected.jsonText && typeof content === 'string') this.#text += content;
    if (typeof refusal === 'string' && refusal !== '') this.#refuses = true;
    this.#says ||= hasContent(said);
    if (!this.#calls.add(said, isWhole)) this.#why ??= 'tool-call';
  }

  /** Why it is not whole, or nothing. Legal only once everything was added. */
  whyNot(): Unkept | null {
    if (this.#why) return this.#why;
    if (this.#ending === null) return 'unfinished';
    const cut = CUTS.get(this.#ending);
    if (!this.#calls.areWhole(cut !== undefined)) return 'tool-call';
    if (this.#calls.size === 0 && CALLING.has(this.#ending)) return 'tool-call';
    const { jsonText, keep } = this.#expected;
    if (jsonText && !this.#isText(cut !== undefined)) return 'text-not-json';
    if (cut !== undefined && !keep.has(cut)) return cut;
    return this.#isEmpty(cut) ? 'empty' : null;
  }

  /** Text that is there is JSON; where there is none, a refusal or a call stands in its place. */
  #isText(cut: boolean): boolean {
    return this.#text === '' ? this.#refuses || this.#calls.size > 0 : isWholeJson(this.#text, cut);
  }

  /** Tests whether it should have said something; what a filter has taken away is not empty by itself. */
  #isEmpty(cut: Keep | undefined): boolean {
    const { output, keep } = this.#expected;
    if (!output || cut === 'content-filter' || keep.has('empty')) return false;
    return this.#hasMessage && !this.#says && this.#calls.size === 0;
  }
}

function textOf({ text }: Json): Json | null {
  return typeof text === 'string' ? { content: text } : null;
}
