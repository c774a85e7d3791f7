/**
 * The files of a cassette: itself, what is pending beside it, and the folder `.refrain`, for what is about it and is of
 * this machine alone. Git is told to leave that out.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export function pendingPath(path: string): string {
  return `${path}.pending`;
}

/** Tests whether there is anything to be read. */
export function isThere(path: string): boolean {
  return existsSync(path) || existsSync(pendingPath(path));
}

/** The path of a file in the folder, by its suffix. */
export function besideCassette(path: string, suffix: string): string {
  return join(dirname(path), '.refrain', `${basename(path)}${suffix}`);
}

/** Makes the folder of a file in it, where there is none. */
export function makeFolderOf(file: string): void {
  const folder = dirname(file);
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '.gitignore'), '*\n');
}
