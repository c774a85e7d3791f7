import { readFileSync } from 'node:fs';

/** The version of this package; the same for `src/` and `dist/`. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
