/**
 * The identity of the open file, by what the system knows it: two files of one name, one
 * after the other, are told apart. So are two logs of it: what is written to one that has
 * lost its name is seen by nobody else, and lost with the process.
 */
import { statSync } from 'node:fs';
import { BESIDE } from './new-file.ts';
import { isStill } from './read-only.ts';
import { realPath } from './real-path.ts';

export interface FileIdentity {
  /** The same for as long as it is the same file. */
  readonly file: string;
  /**
   * Tests whether it still has its name, and its log as well. Its number is given to no other file for as long as it
   * is open.
   */
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
  return { file, state: isFrozen ? `${file} ${found.size} ${found.mtimeNs} ${isStill(path)}` : file + logsOf(path) };
}

/** The numbers of what lies beside the file: none of it comes or goes while that is open. */
function logsOf(path: string): string {
  const place = realPath(path);
  return BESIDE.map((suffix) => ` ${statSync(place + suffix, { throwIfNoEntry: false })?.ino}`).join('');
}
