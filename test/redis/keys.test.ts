import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entriesLike, entryKey, fleetKey, keyOfEntry, leaseKey } from '../../src/redis/keys.ts';

const key = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .tuple(fc.stringMatching(/^[0-9a-f]{64}$/), fc.constantFrom('json', 'sse', 'sse+usage'))
    .map((pair) => pair.join('.')),
  fc.string({ unit: fc.constantFrom('}', '{', '%', ':', '.', 'entry', '7D', '25', '*', '[', '\\', '?') }),
);

/** The part of a name by which a cluster chooses the slot: between the first braces, where there is something. */
function hashTag(name: string): string {
  const from = name.indexOf('{');
  const to = name.indexOf('}', from);
  return to > from + 1 ? name.slice(from + 1, to) : name;
}

test('the name of an entry tells its key, and no two have one', () => {
  fc.assert(
    fc.property(key, key, (one, other) => {
      expect(keyOfEntry(entryKey(one))).toBe(one);
      expect(entryKey(one) === entryKey(other)).toBe(one === other);
      expect(keyOfEntry(leaseKey(one))).toBeUndefined();
    }),
  );
  for (const name of ['', 'refrain:1:', fleetKey('purges'), 'refrain:1:{ab}:lease:.json', 'other:{ab}:entry:'])
    expect(keyOfEntry(name)).toBeUndefined();
});

test('an entry and its lease lie in one slot of a cluster, and so do those of its other forms', () => {
  fc.assert(
    fc.property(key, (one) => {
      expect(hashTag(entryKey(one))).toBe(hashTag(leaseKey(one)));
    }),
  );
  const fingerprint = 'ab'.repeat(32);
  expect(hashTag(entryKey(`${fingerprint}.sse`))).toBe(fingerprint);
  expect(hashTag(leaseKey(`${fingerprint}.json`))).toBe(fingerprint);
});

test('the pattern of a prefix fits all entries that begin so', () => {
  fc.assert(
    fc.property(key, fc.nat(20), (one, length) => {
      const prefix = one.slice(0, length);
      fc.pre(!/[\ud800-\udbff]$/.test(prefix));
      expect(globbed(entriesLike(prefix)).test(entryKey(one))).toBe(true);
    }),
  );
  expect(globbed(entriesLike('aa*')).test(entryKey('aab.json'))).toBe(false);
});

/** A pattern as Redis reads it: `*`, and a backslash before what stands for itself. */
function globbed(pattern: string): RegExp {
  const parts = [...pattern.matchAll(/\\(.)|(\*)|(.)/gsu)];
  const text = parts.map(([, escaped, star, plain]) => (star ? '.*' : RegExp.escape(escaped ?? plain ?? '')));
  return new RegExp(`^${text.join('')}$`, 's');
}
