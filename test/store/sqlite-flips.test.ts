import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryOf, textOf } from './entries.ts';
import { ENTRIES, expectNothingWrongIn, filled } from './filled.ts';
import { createPlace } from './place.ts';

function flip(bytes: Buffer, position: number, mask: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[position] = flipped[position]! ^ mask;
  return flipped;
}

describe('a flipped byte', () => {
  test('anywhere in the file never makes a wrong body', () => {
    const place = createPlace();
    const whole = readFileSync(filled(place));
    const path = join(place.directory, 'flipped.db');
    const served: number[] = [];
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (position, mask) => {
        writeFileSync(path, flip(whole, position, mask));
        served.push(expectNothingWrongIn(path));
      }),
      { numRuns: 60 },
    );
    expect(served.filter((entries) => entries >= ENTRIES - 1).length).toBeGreaterThan(30);
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
