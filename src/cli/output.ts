/**
 * The output of a command: its result on standard output, all else on standard
 * error. Only a terminal gets colours, and not with NO_COLOR.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { type Paint, paintFor } from '../console/paint.ts';

export interface Output {
  /** A part of the result, a line or several. */
  readonly print: (text: string) => void;
  /** A line about the result. */
  readonly note: (line: string) => void;
  /** A text for `print` as it is to look. */
  readonly paint: Paint;
  /** Columns of a line; no bound where no terminal shows it. */
  readonly width: number;
  /** Standard output, where it is a terminal, for what fills it. */
  readonly screen: NodeJS.WriteStream | null;
  /** Standard error, where it is a terminal, on which lines may be redrawn. */
  readonly terminal: NodeJS.WriteStream | null;
  /** True where the person says yes; null where nobody can be asked. */
  readonly ask: ((question: string) => Promise<boolean>) | null;
}

/** That of this process. */
export function createOutput({ stdin, stdout, stderr }: NodeJS.Process = process): Output {
  // A reader may have read enough: `refrain ls | head`.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
  return {
    print: (text) => void stdout.write(`${text}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    paint: paintFor(stdout),
    screen: stdout.isTTY ? stdout : null,
    width: stdout.isTTY ? stdout.columns : Infinity,
    terminal: stderr.isTTY ? stderr : null,
    ask: stdin.isTTY && stderr.isTTY ? (question) => askOn(stdin, stderr, question) : null,
  };
}

async function askOn(input: NodeJS.ReadStream, output: NodeJS.WriteStream, question: string): Promise<boolean> {
  // The terminal edits the line itself, so that Ctrl+C ends the process as ever.
  const lines = createInterface({ input, output, terminal: false });
  try {
    // At the end of the input nothing more is said.
    const answer = await Promise.race([lines.question(`${question} [y/N] `), once(lines, 'close').then(() => '')]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
