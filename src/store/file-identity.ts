/**
 * Which file is open, by what the system knows it: two files of one name, one
 * after the other, are told apart.
 */
import { statSync } from 'node:fs';

export class FileIdentity {
  /** The same for as long as it is the same file. */
  readonly file: string;
  readonly #text: string;
  readonly #read: (path: string) => string | null;

  private constructor(path: string, read: (path: string) => string | null) {
    const text = read(path);
    if (text === null) throw new Error('the file vanished');
    this.#text = text;
    this.file = text.split(' ', 1)[0] as string;
    this.#read = read;
  }

  /** @throws where there is none */
  static of(path: string): FileIdentity {
    return new FileIdentity(path, fileAt);
  }

  /** The same of a file that is read as one that nobody writes: it is another once somebody has. */
  static ofState(path: string): FileIdentity {
    return new FileIdentity(path, stateAt);
  }

  /** Tests whether it still has its name. Its number is given to no other file for as long as it is open. */
  isAt(path: string): boolean {
    return this.#read(path) === this.#text;
  }
}

function fileAt(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.dev}:${found.ino}` : null;
}

function stateAt(path: string): string | null {
  const file = fileAt(path);
  const { size, mtimeNs } = statSync(path, { bigint: true, throwIfNoEntry: false }) ?? {};
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return file && `${file} ${size} ${mtimeNs} ${log > 0}`;
}
