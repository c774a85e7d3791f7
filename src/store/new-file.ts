/**
 * The file of a database before SQLite knows it: empty, and for its owner
 * alone; SQLite gives its mode to the `-wal` and `-shm` beside it. One that
 * exists must not even be opened here: closing it would drop the locks of every
 * other connection of this process
 * (https://www.sqlite.org/howtocorrupt.html, 2.2).
 *
 * A log of a file that is gone, and its index, are nobody's: another process
 * may still have them open, and would have this one read them as its own. So
 * whoever makes the file removes them first of all, and others wait until it
 * is laid out.
 */
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** How long, in ms, whoever made the file may take to lay it out; one that is still empty then was left so. */
const LAID_OUT_MS = 200;
const LOOK_MS = 5;

/** The file, its write-ahead log and the index of that. */
export const SUFFIXES = ['', '-wal', '-shm'] as const;
export const [, ...BESIDE] = SUFFIXES;

/** Makes the file, and the directory for it, where there is none. */
export function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return waitWhileEmpty(path);
  }
  for (const suffix of BESIDE) rmSync(path + suffix, { force: true });
}

/** Tests whether there is a file, and this user may not write it or make others beside it. */
export function isToBeReadOnly(path: string): boolean {
  try {
    for (const place of [path, dirname(path)]) accessSync(place, constants.W_OK);
    return false;
  } catch {
    return existsSync(path);
  }
}

function waitWhileEmpty(path: string): void {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  const isEmpty = () => statSync(path, { throwIfNoEntry: false })?.size === 0;
  for (let waited = 0; waited < LAID_OUT_MS && isEmpty(); waited += LOOK_MS) {
    Atomics.wait(nothing, 0, 0, LOOK_MS);
  }
}
