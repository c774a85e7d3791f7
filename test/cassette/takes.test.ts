import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Take, Takes, type TakesStore } from '../../src/cassette/takes.ts';
import type { Entry } from '../../src/response/entry.ts';
import type { Found } from '../../src/store/store.ts';
import { sampleKey } from '../../src/store/sample-key.ts';

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

const KEY = `${'a'.repeat(64)}.json`;

const keyOf = (sample: number) => (sample === 0 ? undefined : sampleKey(KEY, sample));

const entryOf = (status: number) => ({ head: { status, statusText: '', headers: [] } }) as unknown as Entry;

/** A store of the samples with these statuses, of which the first are there at once and the rest on `load`. */
function storeOf(statuses: readonly number[], isSync = true) {
  const held = new Map(statuses.map((status, at) => [sampleKey(KEY, at + 1), entryOf(status)]));
  const loaded = Promise.withResolvers<void>();
  const getSync = (key: string): Found | undefined => {
    const entry = store.isSync ? held.get(key) : undefined;
    return entry && { entry, tier: 'cassette' };
  };
  const get = (key: string) => loaded.promise.then(() => getSync(key));
  const store: Writable<TakesStore> = { isSync, getSync, get, delete: (key) => void held.delete(key) };
  const load = () => {
    store.isSync = true;
    loaded.resolve();
  };
  return { held, store, load };
}

const statuses = fc.array(fc.constantFrom(200, 429), { maxLength: 5 });

test('request n takes sample n, and beyond the last the last again, or none where order counts', () => {
  fc.assert(
    fc.property(statuses, fc.boolean(), fc.nat(8), (samples, isOrdered, requests) => {
      const takes = new Takes({ store: storeOf(samples).store, isAfresh: false, isErrorRetried: false });
      for (let n = 1; n <= requests; n++) {
        const take = takes.next(KEY, isOrdered) as Take | null;
        const last = isOrdered ? 0 : samples.length;
        expect(take?.key).toBe(keyOf(n <= samples.length ? n : last));
      }
    }),
  );
});

test('what is recorded has no gaps, and is what a replay plays in the same order', () => {
  const answers = fc.array(fc.constantFrom(200, 429, null), { maxLength: 8 });
  fc.assert(
    fc.property(statuses, answers, fc.boolean(), fc.boolean(), (samples, answers, isOrdered, isAfresh) => {
      const { held, store } = storeOf(samples);
      const takes = new Takes({ store, isAfresh, isErrorRetried: true });
      const played: number[] = [];
      for (const status of answers) {
        const take = takes.next(KEY, isOrdered) as { found: { entry: Entry } } | null;
        if (take) played.push(take.found.entry.head.status);
        // A call that fails leaves nothing behind.
        if (take || status === null) continue;
        const sample = takes.add(KEY, isOrdered);
        if (sample !== null) held.set(sampleKey(KEY, sample), entryOf(status));
        played.push(status);
      }
      const keys = [...held.keys()];
      expect(new Set(keys)).toEqual(new Set(keys.map((_, at) => sampleKey(KEY, at + 1))));
      const replay = new Takes({ store, isAfresh: false, isErrorRetried: false });
      const again = played.map(() => replay.next(KEY, isOrdered) as { found: { entry: Entry } });
      expect(again.map(({ found }) => found.entry.head.status)).toEqual(played);
    }),
  );
});

test('equal answers that were asked for at the same time are one, unless order counts', () => {
  for (const isOrdered of [false, true]) {
    const { held, store } = storeOf([]);
    const takes = new Takes({ store, isAfresh: false, isErrorRetried: false });
    for (let at = 0; at < 2; at++) {
      const sample = takes.add(KEY, isOrdered);
      if (sample !== null) held.set(sampleKey(KEY, sample), entryOf(200));
    }
    expect(held.size).toBe(isOrdered ? 2 : 1);
  }
});

test('a file that is still being read is waited for, once for each request', async () => {
  const { store, load } = storeOf([200, 429], false);
  const takes = new Takes({ store, isAfresh: false, isErrorRetried: false });
  const asked = [takes.next(KEY, true), takes.next(KEY, true), takes.next(KEY, true)];
  load();
  const keys = (await Promise.all(asked)).map((take) => take?.key ?? null);
  expect(keys).toEqual([sampleKey(KEY, 1), sampleKey(KEY, 2), null]);
});
