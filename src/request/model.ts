/**
 * The model that a request names, found in its bytes as they pass: for the
 * usage ledger, where the request is not read for its key. Strings are jumped
 * over, so that a long body costs little.
 */
import { setImmediate } from 'node:timers/promises';
import { CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './scan.ts';

const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING: ReadonlySet<number> = new Set([OPEN_BRACE, OPEN_BRACKET]);
const CLOSING: ReadonlySet<number> = new Set([CLOSE_BRACE, CLOSE_BRACKET]);

/** The longest name that is taken, and the longest text that is looked at, in bytes: some are paths of files. */
const LONGEST = 1_024;

/** How much is looked at in one go, in bytes. */
const TURN = 512 * 1024;

export class ModelScan {
  model: string | null = null;
  #depth = 0;
  #inString = false;
  /** True where the string that goes on in the next chunk ended this one in an escape. */
  #isEscaped = false;
  /** The member of the body whose value is being read; null before its name is. */
  #name: string | null = null;
  /** The text so far of the string being read, where it is a name, or the value of `model`. */
  #text: string | null = null;

  static modelIn(body: Buffer): string | null {
    const scan = new ModelScan();
    scan.push(body);
    return scan.model;
  }

  /** The same, of a body however long: others have their turn meanwhile. */
  static async modelInTurns(body: Buffer): Promise<string | null> {
    const scan = new ModelScan();
    for (let at = 0; at < body.length && scan.model === null; at += TURN) {
      if (at > 0) await setImmediate();
      scan.push(body.subarray(at, at + TURN));
    }
    return scan.model;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.model === null; ) {
      at = this.#inString ? this.#string(chunk, at) : this.#token(chunk, at);
    }
  }

  #token(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number;
    if (byte === QUOTE) {
      this.#inString = true;
      this.#text = this.#depth === 1 && (this.#name === null || this.#name === 'model') ? '' : null;
    } else if (OPENING.has(byte)) this.#depth++;
    else if (CLOSING.has(byte)) this.#depth--;
    else if (this.#depth === 1 && byte === COMMA) this.#name = null;
    else if (this.#depth === 1 && byte === COLON) this.#name ??= '';
    return at + 1;
  }

  /** @returns the place behind the string, or the end of the chunk */
  #string(chunk: Buffer, from: number): number {
    let at = this.#isEscaped ? from + 1 : from;
    this.#isEscaped = false;
    for (;;) {
      const end = chunk.indexOf(QUOTE, at);
      const until = end === -1 ? chunk.length : end;
      this.#isEscaped = endsEscaped(chunk, at, until);
      if (end !== -1 && !this.#isEscaped) {
        this.#take(chunk, from, end);
        this.#inString = false;
        this.#ended();
        return end + 1;
      }
      if (end === -1) {
        this.#take(chunk, from, until);
        return until;
      }
      this.#isEscaped = false;
      at = end + 1;
    }
  }

  #take(chunk: Buffer, from: number, to: number): void {
    if (this.#text === null) return;
    this.#text = this.#text.length + to - from > LONGEST ? null : this.#text + chunk.toString('latin1', from, to);
  }

  #ended(): void {
    if (this.#text === null) {
      this.#name ??= '';
      return;
    }
    if (this.#name === 'model') this.model = unescaped(this.#text);
    else this.#name = this.#text;
    this.#text = null;
  }
}

/** Tests whether what stands in a string from `from` to `to` ends in an escape that is not complete. */
function endsEscaped(chunk: Buffer, from: number, to: number): boolean {
  let at = to;
  while (at > from && chunk[at - 1] === BACKSLASH) at--;
  return (to - at) % 2 === 1;
}

/** @param text JSON text between quotes, as Latin-1 */
function unescaped(text: string): string | null {
  try {
    return JSON.parse(`"${Buffer.from(text, 'latin1').toString()}"`);
  } catch {
    return null;
  }
}
