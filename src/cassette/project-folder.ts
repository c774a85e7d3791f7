/**
 * The folder `.refrain` beside a cassette, for what is about the cassette and is of this machine alone. Git is told to
 * leave it out.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The path of a file in it, by its suffix. */
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
