/**
 * Files that only their owner may read: what was asked and answered, what it
 * cost, what upstreams said of credentials, and the secret. A mode may be wider than we made it: a copy, a backup
 * that was put back, a `chmod` of a whole folder.
 */
import { chmodSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from './errors.ts';
import type { Log } from './log.ts';

/** The rights of the group and of all others. */
const OTHERS = 0o077;

/** Where modes say nothing. */
const IS_WITHOUT_MODES = process.platform === 'win32';

/** Others can read a file, and we cannot change that. */
export class OpenToOthersError extends Error {
  readonly code = 'OPEN_TO_OTHERS';
}

export function isOpenToOthers(path: string): boolean {
  return (modeOf(path) & OTHERS) !== 0;
}

/**
 * Takes all rights from others, and gives the owner none.
 * @returns whether it had to; `exposed` where nothing can be written at all, modes neither
 * @throws OpenToOthersError where the file is another user's
 */
export function closeToOthers(path: string): 'private' | 'mended' | 'exposed' {
  const mode = modeOf(path);
  if ((mode & OTHERS) === 0) return 'private';
  try {
    chmodSync(path, mode & 0o7777 & ~OTHERS);
    return 'mended';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EROFS') return 'exposed';
    throw new OpenToOthersError(`others can read ${path}, and this user cannot change that`, { cause: error });
  }
}

/** The mode of a file; 0 where there is no file, or where modes say nothing. */
function modeOf(path: string): number {
  return IS_WITHOUT_MODES ? 0 : (statSync(path, { throwIfNoEntry: false })?.mode ?? 0);
}

/**
 * The same, with a line in the log where others could read it.
 * @param what as a sentence has it: `the secret`
 * @throws ConfigError where others can read it, and cannot be kept from it
 */
export function keepPrivate(path: string, log: Log, what: string, remedy = ''): void {
  try {
    const privacy = closeToOthers(path);
    const advice = 'nothing can be written here: take the right to read it from them';
    if (privacy === 'mended') log.warn({ path }, `others could read ${what}; now its owner alone can${remedy}`);
    if (privacy === 'exposed') log.warn({ path }, `others can read ${what}, and ${advice}`);
  } catch (error) {
    if (!(error instanceof OpenToOthersError)) throw error;
    throw new ConfigError(`${error.message}; make it readable for its owner alone, or remove it`);
  }
}

/** The path of a file of ours beside that of the store. @param otherwise its ending where the store has that name */
export function besideStore(storePath: string, name: string, otherwise: string): string {
  const path = join(dirname(storePath), name);
  return path === storePath ? `${path}.${otherwise}` : path;
}
