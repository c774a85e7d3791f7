/**
 * A database file with entries that are known, so that it can be told whether
 * what comes out of it after some damage is right.
 */
import { copyFileSync } from 'node:fs';
import { expect } from 'vitest';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf, textOf } from './entries.ts';
import { expectSame } from './same.ts';

export const ENTRIES = 25;
const bodyOf = (index: number) => textOf(index, 100 + index * 400);

/** How many of the entries of a file that was left open are in the file itself. */
export const WRITTEN_BACK = 12;

const batchOf = (from: number, to: number) => ({
  purges: [],
  answers: new Set<string>(),
  keys: new Map(
    Array.from({ length: to - from }, (_, at) => [`key ${from + at}`, { entry: entryOf(bodyOf(from + at)), uses: 0 }]),
  ),
});

/** A closed file with entries of 100 to 10,000 bytes. */
export function filled({ path }: { readonly path: string }): string {
  const file = new SqliteFile({ path, maxBytes: 1e9 });
  file.open(0);
  file.commit(batchOf(0, ENTRIES), 0);
  file.close();
  return path;
}

/** The same as a process that was killed leaves it: some entries in the file, the others in its write-ahead log. */
export function leftOpen({ path }: { readonly path: string }): string {
  const file = new SqliteFile({ path: `${path}.open`, maxBytes: 1e9 });
  file.open(0);
  file.commit(batchOf(0, WRITTEN_BACK), 0);
  file.close();
  file.open(0);
  file.commit(batchOf(WRITTEN_BACK, ENTRIES), 0);
  for (const suffix of ['', '-wal']) copyFileSync(`${path}.open${suffix}`, path + suffix);
  file.close();
  return path;
}

/** Checks that all that the store says is right. */
export async function expectNothingWrong(store: SqliteStore): Promise<void> {
  for (let index = 0; index < ENTRIES; index += 1) {
    const found = await store.get(`key ${index}`);
    if (found !== undefined) expectSame(found.entry, entryOf(bodyOf(index)));
  }
}

/** The same of the file itself, which may also refuse, and of what is written to it then. How many entries it had. */
export function expectNothingWrongIn(path: string): number {
  const file = new SqliteFile({ path, maxBytes: 1e9 });
  const isRight = (index: number) => {
    const entry = file.get(`key ${index}`, 0);
    if (entry !== undefined) expectSame(entry, entryOf(bodyOf(index)));
    return entry !== undefined;
  };
  let served = 0;
  try {
    file.open(0);
    for (let index = 0; index < ENTRIES; index += 1) served += isRight(index) ? 1 : 0;
    file.commit(batchOf(ENTRIES, ENTRIES + 1), 0);
    isRight(ENTRIES);
    file.close();
  } catch (error) {
    // Too little may be left of it to tell that it is ours.
    expect(['ERR_SQLITE_ERROR', 'NOT_OURS']).toContain((error as { code?: unknown }).code);
  }
  return served;
}
