/**
 * Which file is open, by what the system knows it: two files of one name, one
 * after the other, are told apart.
 */
import { type BigIntStats, statSync } from 'node:fs';
import { isStill } from './read-only.ts';

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
  const found = look(path);
  return found ? numberOf(found) : null;
}

function stateAt(path: string): string | null {
  const found = look(path);
  return found ? `${numberOf(found)} ${found.size} ${found.mtimeNs} ${isStill(path)}` : null;
}

function look(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

function numberOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
