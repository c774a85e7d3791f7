/**
 * The lines of a file of JSON Lines, one at a time: a file of any size is never held. Lines end with LF alone, for
 * strings may hold whatever else ends lines elsewhere.
 */
import { createReadStream } from 'node:fs';

export interface JsonLine {
  /** Counted from 1. */
  readonly number: number;
  /** Without its end; null of one that is too long. */
  readonly bytes: Buffer | null;
  /** False of the last, where the file ends in the middle of it. */
  readonly isEnded: boolean;
}

const LF = 0x0a;

/** A longer line is not looked through for something else than blanks. */
const LONGEST_BLANK = 64;

/** Blank lines are passed over, and counted. @param longest that a line may be, in bytes */
export async function* jsonLines(path: string, longest: number): AsyncGenerator<JsonLine, void, undefined> {
  let [number, length] = [0, 0];
  let held: Buffer[] = [];
  const hold = (piece: Buffer) => {
    length += piece.length;
    if (length <= longest) held.push(piece);
  };
  const take = (isEnded: boolean): JsonLine => {
    const line = { number: ++number, bytes: length <= longest ? Buffer.concat(held) : null, isEnded };
    [held, length] = [[], 0];
    return line;
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      hold(chunk.subarray(from, at));
      from = at + 1;
      const line = take(true);
      if (!isBlank(line)) yield line;
    }
    if (from < chunk.length) hold(chunk.subarray(from));
  }
  const last = take(false);
  if (!isBlank(last)) yield last;
}

function isBlank({ bytes }: JsonLine): boolean {
  return bytes !== null && bytes.length <= LONGEST_BLANK && bytes.toString('latin1').trim() === '';
}
