import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { damageNeverShows, flip } from './damage-trials.ts';
import { entryOf, textOf } from './entries.ts';
import { ENTRIES, expectNothingWrongIn, filled } from './filled.ts';
import { createTempDir } from './temp-dir.ts';

damageNeverShows({ flips: 200, logFlips: 60, cuts: 40 });

describe('a flipped byte', () => {
  test('in the header of the file never makes a wrong body', () => {
    const dir = createTempDir();
    const whole = readFileSync(filled(dir));
    const path = join(dir.directory, 'flipped.db');
    for (let position = 0; position < 100; position += 1) {
      writeFileSync(path, flip(whole, position, 0xff));
      expectNothingWrongIn(path);
    }
  });

  test('in a row makes it a miss, and the row is gone', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    const other = dir.connect();
    const frameOf = other.prepare('SELECT frame FROM answers JOIN entries USING (id) WHERE key = ?');
    const damage = other.prepare('UPDATE answers SET frame = ? WHERE id = (SELECT id FROM entries WHERE key = ?)');
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
    expect(dir.lines).toEqual([]);
  });

  test.each([
    ['nothing', 'NULL'],
    ['a number', '7'],
    ['text', `'text'`],
  ])('that makes a frame %s makes it a miss, and the row is gone', async (_, frame) => {
    const dir = createTempDir();
    const other = new DatabaseSync(filled(dir));
    const { sql } = other.prepare(`SELECT sql FROM sqlite_schema WHERE name = 'answers'`).get() as { sql: string };
    const lenient = sql.replace('frame BLOB NOT NULL', 'frame').replace(') STRICT', ')');
    other.exec(
      `PRAGMA legacy_alter_table = ON; ALTER TABLE answers RENAME TO strict; ${lenient}; ` +
        'INSERT INTO answers SELECT * FROM strict; DROP TABLE strict',
    );
    other.exec(`UPDATE answers SET frame = ${frame} WHERE id = (SELECT id FROM entries WHERE key = 'key 1')`);
    other.close();
    const store = await dir.open();
    expect(await store.get('key 1')).toBeUndefined();
    expect(store.state).toBe('up');
    store.set('key 2', entryOf('text'));
    expect((await store.size()).entries).toBe(ENTRIES - 1);
    expect(dir.lines).toEqual([]);
  });

  test('that loses an answer makes it a miss, and the row is gone', async () => {
    const dir = createTempDir();
    const other = new DatabaseSync(filled(dir));
    other.exec(`DELETE FROM answers WHERE id = (SELECT id FROM entries WHERE key = 'key 1')`);
    other.close();
    const store = await dir.open();
    expect(await store.get('key 1')).toBeUndefined();
    store.set('key 2', entryOf('text'));
    expect((await store.size()).entries).toBe(ENTRIES - 1);
  });

  test('no row can pass for another', async () => {
    const dir = createTempDir();
    const store = await dir.open();
    for (const key of ['a', 'b']) store.set(key, entryOf(key));
    await store.size();
    dir
      .connect()
      .exec(
        `UPDATE answers SET frame = (SELECT frame FROM answers JOIN entries USING (id) WHERE key = 'a') ` +
          `WHERE id = (SELECT id FROM entries WHERE key = 'b')`,
      );
    expect(await store.get('b')).toBeUndefined();
    expect((await store.get('a'))?.entry.body.toString()).toBe('a');
  });
});
