import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRow, decodeValue, encodeValue, ID, USES } from '../../src/store/redis-value.ts';
import { Sealing } from '../../src/store/sealing.ts';
import { askedOf } from './catalogue-contract.ts';
import { entryOf } from './entries.ts';

const KEY = `${'ab'.repeat(32)}.json`;
const plain = new Sealing();
const sealing = new Sealing({ secret: Buffer.alloc(32, 7), isOn: true });
const other = new Sealing({ secret: Buffer.alloc(32, 8), isOn: true });

const entry = entryOf('the answer', {
  answerId: 'chatcmpl-1',
  expiresAt: Date.UTC(2027, 0, 1),
  request: askedOf({ tags: ['x'], text: 'the question' }),
  call: { usage: null, firstByteMs: 1, ms: 2 },
  purgeMark: { log: 'log', id: 7, record: 'r' },
});

test('a value begins with the time at which it was stored, and is read as it was written', () => {
  for (const each of [plain, sealing]) {
    const value = encodeValue(KEY, entry, each);
    expect(value.readDoubleBE(0)).toBe(entry.storedAt);
    expect(decodeValue(KEY, value, each)).toEqual({ entry, id: 0 });
    value.write('1700000000000001', ID.from);
    value.write('0000000042', USES.from);
    expect(decodeValue(KEY, value, each)?.id).toBe(1_700_000_000_000_001);
    const { parts: _, ...label } = entry.request ?? askedOf();
    const { storedAt, expiresAt, call, purgeMark } = entry;
    const known = { label, storedAt, expiresAt, call, purgeMark, hits: 42, id: 1_700_000_000_000_001 };
    expect(decodeRow(KEY, value.subarray(0, 700))).toMatchObject(known);
  }
});

test('a row that is cut says how much there is of it', () => {
  const value = encodeValue(KEY, entry, plain);
  const length = decodeRow(KEY, value.subarray(0, 60));
  expect(length).toBeGreaterThan(60);
  expect(decodeRow(KEY, value.subarray(0, length as number))).toMatchObject({ key: KEY });
});

test('a sealed value shows neither question nor answer nor its id, and opens by its secret alone', () => {
  const value = encodeValue(KEY, entry, sealing);
  for (const text of ['the answer', 'the question', 'chatcmpl-1']) expect(value.includes(text)).toBe(false);
  expect(value.includes('shared:team')).toBe(true);
  expect(decodeValue(KEY, value, other)).toBeUndefined();
  expect(decodeValue(KEY, value, plain)).toBeUndefined();
  expect(decodeValue(KEY, encodeValue(KEY, entry, plain), sealing)?.entry).toEqual(entry);
});

test('anything odd is nothing', () => {
  for (const odd of [undefined, null, 42, 'OK', [], Buffer.alloc(0), Buffer.from('OK'), Buffer.alloc(100)]) {
    expect(decodeValue(KEY, odd, plain)).toBeUndefined();
    expect(decodeRow(KEY, odd)).toBeUndefined();
  }
  for (const each of [plain, sealing]) {
    const whole = encodeValue(KEY, entry, each);
    expect(decodeValue('another.json', whole, each)).toBeUndefined();
    const digits = (at: number) => at >= ID.from && at <= USES.to;
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] as number) ^ bits;
        const read = decodeValue(KEY, changed, each);
        // The row is a copy; where it is in the clear, the frame alone is read.
        if (read !== undefined) expect(read.entry).toEqual(entry);
        if (each === sealing && !digits(at)) expect(read).toBeUndefined();
        decodeRow(KEY, changed);
      }),
      { numRuns: 500 },
    );
    for (let length = 0; length < whole.length; length += 7) {
      expect(decodeValue(KEY, whole.subarray(0, length), each)).toBeUndefined();
      decodeRow(KEY, whole.subarray(0, length));
    }
  }
});
