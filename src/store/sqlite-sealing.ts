/**
 * Encryption in the rows of the database: the answer and what was asked are
 * sealed, each by itself and bound to the row's key and label, which stay
 * readable, so that lists, counts and purges need no secret.
 *
 * Sealed text stands in base64, since the columns of texts take nothing else.
 */
import { isSealed, type Unopened } from './encryption.ts';
import { Sealing } from './sealing.ts';
import type { columnsOf, RawRow } from './sqlite-rows.ts';

/** The columns of a row by which it is listed and purged, and those that are sealed. */
type Columns = ReturnType<typeof columnsOf> & { readonly frame: Uint8Array };

/** Before base64. What was asked begins with a brace, `json:` or `raw:`. */
const MARK = 'sealed:';

export class RowSealing extends Sealing {
  /** The same columns as they are to be written. */
  sealRow(key: string, storedAt: number, columns: Columns): Columns {
    if (!this.isOn) return columns;
    const { parts, prompt, frame } = columns;
    const clear = { ...columns, stored_at: storedAt };
    const sealText = (column: string, text: string | null) =>
      text && MARK + this.seal(key, clearText(column, clear), Buffer.from(text)).toString('base64');
    return {
      ...columns,
      parts: sealText('parts', parts),
      prompt: sealText('prompt', prompt),
      frame: this.seal(key, clearText('frame', clear), frame),
    };
  }

  /** The row in the clear; or why its frame does not open. */
  openRow(key: string, row: RawRow): RawRow | Unopened {
    const { frame } = row;
    const question = this.question(key, row);
    if (!(frame instanceof Uint8Array) || !isSealed(frame)) return question;
    const opened = this.open(key, clearText('frame', row), frame);
    return typeof opened === 'string' ? opened : { ...question, frame: opened };
  }

  /** The row with what was asked in the clear; without it where any of it does not open. */
  question(key: string, row: RawRow): RawRow {
    const [parts, prompt] = [this.text(key, row, 'parts'), this.text(key, row, 'prompt')];
    if (parts === row.parts && prompt === row.prompt) return row;
    const isWhole = (parts === null) === (row.parts === null) && (prompt === null) === (row.prompt === null);
    return { ...row, parts: isWhole ? parts : null, prompt: isWhole ? prompt : null };
  }

  /** A text of what was asked in the clear; null where it does not open. @param row with the columns of the label */
  text(key: string, row: RawRow, column: 'parts' | 'prompt'): unknown {
    const text = row[column];
    if (typeof text !== 'string' || !text.startsWith(MARK)) return text;
    const opened = this.open(key, clearText(column, row), Buffer.from(text.slice(MARK.length), 'base64'));
    return typeof opened === 'string' ? null : opened.toString();
  }
}

/** The text that a sealed column is bound to, as SQLite gives it back: half a surrogate pair is another character. */
function clearText(column: string, { endpoint, model, scope, tags, stored_at: storedAt }: RawRow): string {
  const wellFormed = (_: string, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value);
  return JSON.stringify([column, endpoint, model, scope, tags, storedAt], wellFormed);
}
