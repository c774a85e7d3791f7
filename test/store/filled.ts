/**
 * A database file with entries that are known, so that it can be told whether
 * what comes out of it after some damage is right.
 */
import { expect } from 'vitest';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf, textOf } from './entries.ts';
import type { Place } from './place.ts';
import { expectSame } from './same.ts';

export const ENTRIES = 25;
const bodyOf = (index: number) => textOf(index, 100 + index * 400);

/** A closed file with entries of 100 to 10,000 bytes. */
export function filled({ path }: Place): string {
  const file = new SqliteFile({ path, maxBytes: 1e9, onAside: () => {} });
  file.open(0);
  const keys = new Map(Array.from({ length: ENTRIES }, (_, index) => [`key ${index}`, entryOf(bodyOf(index))]));
  file.commit({ everything: false, answers: new Set(), keys }, 0);
  file.close();
  return path;
}

/** What the store says must be right. */
export async function expectNothingWrong(store: SqliteStore): Promise<void> {
  for (let index = 0; index < ENTRIES; index += 1) {
    const found = await store.get(`key ${index}`);
    if (found !== undefined) expectSame(found.entry, entryOf(bodyOf(index)));
  }
}

/** The same of the file itself, which may also refuse. How many entries it had. */
export function expectNothingWrongIn(path: string): number {
  const file = new SqliteFile({ path, maxBytes: 1e9, onAside: () => {} });
  let served = 0;
  try {
    file.open(0);
    for (let index = 0; index < ENTRIES; index += 1) {
      const entry = file.get(`key ${index}`, 0);
      if (entry === undefined) continue;
      expectSame(entry, entryOf(bodyOf(index)));
      served += 1;
    }
  } catch (error) {
    expect(error).toHaveProperty('code', 'ERR_SQLITE_ERROR');
  }
  file.close();
  return served;
}
