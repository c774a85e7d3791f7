/**
 * The exchanges that the last run played or recorded, by digest: the others may be pruned. They lie beside the cassette
 * and not in it, so that a replay changes nothing that is committed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { besideCassette, makeFolderOf } from './cassette-paths.ts';

const SUFFIX = '.used.json';

/** @throws what the system throws */
export function markUsed(path: string, digests: Iterable<string>): void {
  const file = besideCassette(path, SUFFIX);
  makeFolderOf(file);
  writeFileSync(file, `${JSON.stringify({ used: [...digests].toSorted() })}\n`);
}

/** @returns null where no run is known */
export function usedInLastRun(path: string): ReadonlySet<string> | null {
  try {
    const { used } = JSON.parse(readFileSync(besideCassette(path, SUFFIX), 'utf8'));
    return new Set(used);
  } catch {
    return null;
  }
}
