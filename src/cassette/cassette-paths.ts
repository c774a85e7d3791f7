/**
 * The files of a cassette: itself, what is pending beside it, and the folder `.refrain`, for what is about it and is of
 * this machine alone. Git is told to leave that out.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { realPath } from '../store/real-path.ts';

export function pendingPath(path: string): string {
  return `${path}.pending`;
}

/** Tests whether there is anything to be read. */
export function isThere(path: string): boolean {
  return existsSync(path) || existsSync(pendingPath(path));
}

/**
 * The path of a file in the folder, by its suffix. Beside the file that a link leads to: by whatever name a cassette is
 * opened, it has one lock.
 */
export function besideCassette(path: string, suffix: string): string {
  const place = realPath(path);
  return join(dirname(place), '.refrain', `${basename(place)}${suffix}`);
}

/** Makes the folder of a file in it, where there is none. */
export function makeFolderOf(file: string): void {
  const folder = dirname(file);
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '.gitignore'), '*\n');
}
