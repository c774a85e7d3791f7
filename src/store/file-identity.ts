/**
 * The identity of the open file, by what the system knows it: two files of one name, one
 * after the other, are told apart.
 */
import { statSync } from 'node:fs';
import { isStill } from './read-only.ts';

export interface FileIdentity {
  /** The same for as long as it is the same file. */
  readonly file: string;
  /** Tests whether it still has its name. Its number is given to no other file for as long as it is open. */
  isAt(path: string): boolean;
}

/**
 * @param isFrozen read as one that nobody writes: it is another once somebody has
 * @throws where there is none
 */
export function identityOf(path: string, isFrozen = false): FileIdentity {
  const identity = look(path, isFrozen);
  if (identity === null) throw new Error('the file vanished');
  return { file: identity.file, isAt: (place) => look(place, isFrozen)?.state === identity.state };
}

function look(path: string, isFrozen: boolean): { readonly file: string; readonly state: string } | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return null;
  const file = `${found.dev}:${found.ino}`;
  return { file, state: isFrozen ? `${file} ${found.size} ${found.mtimeNs} ${isStill(path)}` : file };
}
