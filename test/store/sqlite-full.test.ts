import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { SqliteEntries } from '../../src/store/sqlite-entries.ts';
import { adviceOn, isDamage } from '../../src/store/sqlite-failure.ts';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import { failureOf } from '../../src/thread/failure.ts';
import { story } from './constrained.ts';
import { entryOf, textOf } from './entries.ts';
import { outlivesFullDisks } from './full-trials.ts';
import { createTempDir } from './temp-dir.ts';

outlivesFullDisks({ rounds: 5 });

test('a full disk is no damage, and the operator is asked for space', () => {
  const { path } = createTempDir();
  const database = new DatabaseSync(path);
  const entries = new SqliteEntries(database, 1e9);
  // As full as SQLite can make itself out to be.
  database.exec('PRAGMA max_page_count = 30');
  let error: unknown;
  try {
    entries.commit(
      { purges: [], answers: new Set(), keys: new Map([['key', { entry: entryOf(textOf(1, 200_000)), uses: 0 }]]) },
      0,
    );
  } catch (thrown) {
    error = thrown;
  }
  database.close();
  expect(failureOf(error).code).toBe('SQLITE_FULL');
  expect(isDamage(error)).toBe(false);
  expect(adviceOn(failureOf(error))).toBe('free some disk space');
});

describe('a proxy serves all the while, and keeps answers once it may', () => {
  story.for([
    ['its folder', 0o500, 0o600],
    ['its folder and its file', 0o500, 0o400],
  ] as const)('where %s may only be read', async ([, folder, file], { run, path }) => {
    expect(entriesIn(path)).toBe(0);
    chmodSync(path, file);
    chmodSync(dirname(path), folder);
    const proxy = await run({ obeysModes: true });
    expect(proxy.lines).toEqual([
      expect.objectContaining({ level: 'warn', code: 'SQLITE_READONLY', msg: expect.stringContaining('writable') }),
    ]);
    for (const where of ['MISS', 'memory']) expect(await proxy.ask('meanwhile')).toBe(where);
    await proxy.turn(5_000);
    expect(proxy.lines).toHaveLength(1);

    chmodSync(dirname(path), 0o700);
    chmodSync(path, 0o600);
    await proxy.turn(5_000);
    expect(proxy.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
    expect(await proxy.ask('after')).toBe('MISS');
    await proxy.turn(50);
    await proxy.kill();
    expect(entriesIn(path)).toBe(2);
  });
});

describe('a proxy whose place may only be read', () => {
  const KEPT = ['one', 'other'];

  story.for([
    ['was left in order', (path: string): void => void entriesIn(path), ['']],
    ['was left by a process that was killed', (): void => {}, ['', '-wal', '-shm']],
    [
      'was left with an empty log',
      (path: string): void => {
        entriesIn(path);
        writeFileSync(`${path}-wal`, '');
      },
      ['', '-wal'],
    ],
  ] as const)(
    'serves what a file has that %s, and leaves no trace',
    async ([, leave, suffixes], { run, path, upstream }) => {
      const first = await run();
      for (const question of KEPT) await first.ask(question);
      await first.turn(50);
      await first.kill();
      leave(path);
      const names = (): string[] =>
        readdirSync(dirname(path))
          .filter((name) => name.startsWith('cache'))
          .sort();
      const bytes = (): string[] =>
        suffixes.filter((suffix) => suffix !== '-shm').map((suffix) => readFileSync(path + suffix).toString('latin1'));
      const before: unknown = [names(), bytes()];
      // The usage ledger goes on in memory, as it does where it cannot be written.
      for (const suffix of suffixes) chmodSync(path + suffix, 0o400);
      chmodSync(dirname(path), 0o500);
      const proxy = await run({ obeysModes: true });
      for (const question of KEPT) expect(await proxy.ask(question)).toBe('sqlite');
      for (const where of ['MISS', 'memory']) expect(await proxy.ask('new')).toBe(where);
      for (let retry = 0; retry < 3; retry += 1) await proxy.turn(5_000);
      expect(upstream.calls).toHaveLength(3);
      expect(proxy.lines).toEqual([
        expect.objectContaining({
          level: 'warn',
          msg: expect.stringContaining('may only be read: it serves what it has, and nothing is written'),
        }),
      ]);
      expect([names(), bytes()]).toEqual(before);
      await proxy.kill();
    },
  );

  story('writes what it has kept since once it may', async ({ run, path }) => {
    const first = await run();
    await first.ask('kept');
    await first.turn(50);
    await first.kill();
    entriesIn(path);
    chmodSync(path, 0o400);
    chmodSync(dirname(path), 0o500);
    const proxy = await run({ obeysModes: true });
    expect(await proxy.ask('new')).toBe('MISS');
    chmodSync(path, 0o600);
    chmodSync(dirname(path), 0o700);
    await proxy.turn(5_000);
    expect(proxy.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
    await proxy.kill();
    expect(entriesIn(path)).toBe(2);
  });
});

/** Leaves the file as a process does that ends in order: with no log beside it. */
function entriesIn(path: string): number {
  const file = new SqliteFile({ path, maxBytes: 1e9 });
  const { entries } = file.open(0);
  file.close();
  return entries;
}
