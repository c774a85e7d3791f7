import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf, textOf } from './entries.ts';
import { createPlace, type Place } from './place.ts';
import { expectSame } from './same.ts';

const ENTRIES = 25;
const bodyOf = (index: number) => textOf(index, 100 + index * 400);

/** A closed file with entries of 100 to 10,000 bytes. */
function filled({ path }: Place): string {
  const file = new SqliteFile({ path, maxBytes: 1e9, onAside: () => {} });
  file.open(0);
  const keys = new Map(Array.from({ length: ENTRIES }, (_, index) => [`key ${index}`, entryOf(bodyOf(index))]));
  file.commit({ everything: false, answers: new Set(), keys }, 0);
  file.close();
  return path;
}

async function expectNothingWrong(store: SqliteStore): Promise<number> {
  let served = 0;
  for (let index = 0; index < ENTRIES; index += 1) {
    const found = await store.get(`key ${index}`);
    if (found === undefined) continue;
    expectSame(found.entry, entryOf(bodyOf(index)));
    served += 1;
  }
  return served;
}

async function expectServing(store: SqliteStore): Promise<void> {
  store.set('fresh', entryOf('fresh'));
  await store.size();
  expect(store.state).toBe('up');
  expect((await store.get('fresh'))?.entry.body.toString()).toBe('fresh');
}

function flip(bytes: Buffer, position: number, mask: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[position] = flipped[position]! ^ mask;
  return flipped;
}

/** Reads all of a file that may be damaged; what it says at all must be right. */
function expectNothingWrongIn(path: string): void {
  const file = new SqliteFile({ path, maxBytes: 1e9, onAside: () => {} });
  try {
    file.open(0);
    for (let index = 0; index < ENTRIES; index += 1) {
      const entry = file.get(`key ${index}`, 0);
      if (entry !== undefined) expectSame(entry, entryOf(bodyOf(index)));
    }
  } catch (error) {
    expect(error).toHaveProperty('code', 'ERR_SQLITE_ERROR');
  }
  file.close();
}

describe('a flipped byte', () => {
  test('anywhere in the file never makes a wrong body', () => {
    const place = createPlace();
    const whole = readFileSync(filled(place));
    const path = join(place.directory, 'flipped.db');
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (position, mask) => {
        writeFileSync(path, flip(whole, position, mask));
        expectNothingWrongIn(path);
      }),
      { numRuns: 60 },
    );
  });

  test('in the header of the file never makes a wrong body', () => {
    const place = createPlace();
    const whole = readFileSync(filled(place));
    const path = join(place.directory, 'flipped.db');
    for (let position = 0; position < 100; position += 1) {
      writeFileSync(path, flip(whole, position, 0xff));
      expectNothingWrongIn(path);
    }
  });

  test('in a row makes it a miss, and the row is gone', async () => {
    const place = createPlace();
    const store = await place.open();
    const other = place.connect();
    const frameOf = other.prepare('SELECT frame FROM entries WHERE key = ?');
    const damage = other.prepare('UPDATE entries SET frame = ? WHERE key = ?');
    store.set('key', entryOf(textOf(1, 3_000)));
    await store.size();
    const frame = Buffer.from(frameOf.get('key')?.frame as Uint8Array);
    for (let round = 0; round < 100; round += 1) {
      damage.run(flip(frame, Math.floor((round * frame.length) / 100), 1 << (round % 8)), 'key');
      expect(await store.get('key')).toBeUndefined();
      expect(frameOf.get('key')).toBeUndefined();
      store.set('key', entryOf(textOf(1, 3_000)));
      expect((await store.size()).entries).toBe(1);
    }
    expect(await store.get('key')).toBeDefined();
    expect(place.lines).toEqual([]);
  });

  test('no row can pass for another', async () => {
    const place = createPlace();
    const store = await place.open();
    for (const key of ['a', 'b']) store.set(key, entryOf(key));
    await store.size();
    place.connect().exec(`UPDATE entries SET frame = (SELECT frame FROM entries WHERE key = 'a') WHERE key = 'b'`);
    expect(await store.get('b')).toBeUndefined();
    expect((await store.get('a'))?.entry.body.toString()).toBe('a');
  });
});

describe('a file that cannot be used', () => {
  const kept = (place: Place) => readFileSync(join(place.directory, place.asides()[0] ?? 'nothing was set aside'));

  test.each([
    ['a text file', 'SQLITE_NOTADB', (place: Place) => writeFileSync(place.path, 'Dear diary,\n'.repeat(400))],
    ['a file cut off within its first page', 'SQLITE_CORRUPT', (place: Place) => truncateSync(filled(place), 3_000)],
    ['a file cut off later', 'SQLITE_CORRUPT', (place: Place) => truncateSync(filled(place), 32_768)],
    ['a file of a later version', 'OTHER_SCHEMA', (place: Place) => withDatabase(filled(place), 'PRAGMA user_version = 999')],
    ['a database of another kind', 'OTHER_SCHEMA', (place: Place) => withDatabase(place.path, 'CREATE TABLE recipes (dish TEXT)')],
  ])('is set aside when it is %s, and a fresh one serves at once', async (_, code, spoil) => {
    const place = createPlace();
    spoil(place);
    const spoilt = readFileSync(place.path);
    const store = await place.open();
    await expectNothingWrong(store);
    await expectServing(store);
    expect(place.lines).toEqual([expect.objectContaining({ level: 'warn', code, path: place.path, movedTo: join(place.directory, place.asides()[0] ?? '') })]);
    expect(place.asides()[0]).toMatch(/^store\.db\.corrupt-2026-01-01T00-00-00-000Z$/);
    expect(kept(place).equals(spoilt)).toBe(true);
  });

  test('is simply filled when it is empty', async () => {
    const place = createPlace();
    writeFileSync(place.path, '');
    await expectServing(await place.open());
    expect(place.lines).toEqual([]);
    expect(place.asides()).toEqual([]);
  });

  test('takes its log along when it is set aside', async () => {
    const place = createPlace();
    writeFileSync(place.path, 'text'.repeat(100));
    writeFileSync(`${place.path}-wal`, 'a log of something');
    await expectServing(await place.open());
    const [, , log] = place.asides().sort();
    expect(log).toMatch(/000Z-wal$/);
    expect(readFileSync(join(place.directory, String(log)), 'utf8')).toBe('a log of something');
  });

  test('does not lose a file that was set aside before', () => {
    const place = createPlace();
    for (const text of ['first', 'second', 'third']) {
      writeFileSync(place.path, text.repeat(100));
      const file = new SqliteFile({ path: place.path, maxBytes: 1e9, onAside: () => {} });
      file.open(place.clock.now());
      file.close();
    }
    expect(place.asides().map((name) => readFileSync(join(place.directory, name), 'utf8').slice(0, 5)).sort()).toEqual(['first', 'secon', 'third']);
  });
});

describe('a file that is damaged while it is open', () => {
  test('is set aside, and the batch that found it so is kept', async () => {
    const place = createPlace();
    const store = await place.open();
    store.set('old', entryOf('old'));
    await store.size();
    place.connect().exec('DROP TABLE entries');
    store.set('new', entryOf('new'));
    expect((await store.size()).entries).toBe(1);
    expect((await store.get('new'))?.entry.body.toString()).toBe('new');
    expect(await store.get('old')).toBeUndefined();
    expect(place.lines).toEqual([expect.objectContaining({ level: 'warn', code: 'SQLITE_ERROR' })]);
    expect(place.asides().length).toBeGreaterThan(0);
  });

  test('is set aside when a lookup meets garbage', async () => {
    const place = createPlace();
    const path = filled(place);
    copyFileSync(path, `${path}.copy`);
    const store = await place.open();
    // From another process: closing a file here would drop the locks that the store has on it.
    execFileSync(process.execPath, ['-e', `const fs = require('fs'); const fd = fs.openSync(process.argv[1], 'r+'); fs.writeSync(fd, Buffer.alloc(${readFileSync(`${path}.copy`).length - 8_192}, 255), 0, undefined, 8192)`, path]);
    await expectNothingWrong(store);
    await expectServing(store);
    expect(place.lines).toEqual([expect.objectContaining({ level: 'warn', code: 'SQLITE_CORRUPT' })]);
  });

  test('is set aside once a minute at most; a disk that goes on failing is left alone', async () => {
    const place = createPlace();
    const store = await place.open();
    const spoil = async () => {
      place.connect().exec('DROP TABLE entries');
      store.set('key', entryOf('text'));
      await store.size();
    };
    await spoil();
    expect(store.state).toBe('up');
    await spoil();
    expect(store.state).toBe('down');
    expect(place.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
    expect(place.asides().filter((name) => name.endsWith('Z'))).toHaveLength(1);
    place.clock.advance(60_000);
    await store.size();
    expect(place.lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'info']);
    await spoil();
    expect(store.state).toBe('up');
    expect(place.asides().filter((name) => name.endsWith('Z'))).toHaveLength(2);
  });
});

function withDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
