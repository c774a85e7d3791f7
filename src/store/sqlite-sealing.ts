/**
 * Encryption in the rows of the database: the answer and what was asked are
 * sealed, each by itself and bound to the row's key and label, which stay
 * readable, so that lists, counts and purges need no secret. Rows in the clear
 * are read as they are, whether or not new ones are sealed.
 *
 * Sealed text stands in base64, since the columns of texts take nothing else.
 */
import { Encryption, isSealed, type Unopened } from './encryption.ts';
import type { columnsOf, RawRow } from './sqlite-rows.ts';

/** The secret, as it crosses to the thread. */
export interface SealingOptions {
  readonly secret: Uint8Array;
  /** True where new rows are sealed; else those that are can still be read. */
  readonly isOn: boolean;
}

/** The columns of a row by which it is listed and purged, and those that are sealed. */
type Columns = ReturnType<typeof columnsOf> & { readonly frame: Uint8Array };

/** Before base64. What was asked begins with a brace, `json:` or `raw:`. */
const MARK = 'sealed:';

export class RowSealing {
  readonly #encryption: Encryption | null;
  readonly #isOn: boolean;
  readonly #onUnopened: (why: Unopened) => void;

  /** @param onUnopened is called for each row that does not open */
  constructor(options: SealingOptions | null = null, onUnopened: (why: Unopened) => void = () => {}) {
    this.#encryption = options && new Encryption(options.secret);
    this.#isOn = options?.isOn ?? false;
    this.#onUnopened = onUnopened;
  }

  /** The same columns as they are to be written. */
  seal(key: string, storedAt: number, columns: Columns): Columns {
    const encryption = this.#encryption;
    if (encryption === null || !this.#isOn) return columns;
    const { parts, prompt, frame } = columns;
    const clear = { ...columns, stored_at: storedAt };
    const sealText = (column: string, text: string | null) =>
      text && MARK + encryption.seal(key, clearText(column, clear), Buffer.from(text)).toString('base64');
    return {
      ...columns,
      parts: sealText('parts', parts),
      prompt: sealText('prompt', prompt),
      frame: encryption.seal(key, clearText('frame', clear), frame),
    };
  }

  /** The id of an answer as it is to be written. */
  answerId(answerId: string | null): string | null {
    return this.#isOn && answerId !== null ? (this.#encryption?.digestOf(answerId) ?? null) : answerId;
  }

  /** The id of an answer as it may stand in a row: as it is, and as this secret spells it. */
  spellings(answerId: string): [string, string] {
    return [answerId, this.#encryption?.digestOf(answerId) ?? answerId];
  }

  /** The row in the clear; or why its frame does not open. What was asked is null where that alone does not. */
  open(key: string, row: RawRow): RawRow | Unopened {
    const { frame } = row;
    const question = this.question(key, row);
    if (!(frame instanceof Uint8Array) || !isSealed(frame)) return question;
    const opened = this.#open(key, row, 'frame', frame);
    return typeof opened === 'string' ? opened : { ...question, frame: opened };
  }

  /** The row with what was asked in the clear, as far as it opens. */
  question(key: string, row: RawRow): RawRow {
    const [parts, prompt] = [this.text(key, row, 'parts'), this.text(key, row, 'prompt')];
    return parts === row.parts && prompt === row.prompt ? row : { ...row, parts, prompt };
  }

  /** A text of what was asked in the clear; null where it does not open. @param row with the columns of the label */
  text(key: string, row: RawRow, column: 'parts' | 'prompt'): unknown {
    const text = row[column];
    if (typeof text !== 'string' || !text.startsWith(MARK)) return text;
    const opened = this.#open(key, row, column, Buffer.from(text.slice(MARK.length), 'base64'));
    return typeof opened === 'string' ? null : opened.toString();
  }

  #open(key: string, row: RawRow, column: string, sealed: Uint8Array): Buffer | Unopened {
    const opened = this.#encryption?.open(key, clearText(column, row), sealed) ?? 'other-secret';
    if (typeof opened === 'string') this.#onUnopened(opened);
    return opened;
  }
}

/** The text that a sealed column is bound to, as SQLite gives it back: half a surrogate pair is another character. */
function clearText(column: string, { endpoint, model, scope, tags, stored_at: storedAt }: RawRow): string {
  const wellFormed = (_: string, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value);
  return JSON.stringify([column, endpoint, model, scope, tags, storedAt], wellFormed);
}
