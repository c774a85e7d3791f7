/**
 * The contract of every store of entries, whatever it is made of.
 */
import { describe, expect, test } from 'vitest';
import type { Catalogue } from '../../src/store/catalogue.ts';
import type { EntryStore } from '../../src/store/store.ts';
import { entryOf, textOf } from './entries.ts';

/** Both contracts in one, and what counts as a use. */
export type WholeStore = EntryStore & Catalogue & { use(key: string, times: number): void };

export interface Subject {
  /** A new and empty store that is closed after the test. */
  readonly open: (maxBytes: number) => Promise<WholeStore>;
  /** Awaited after changes and before asking; nothing for a store that is to answer at once. */
  readonly settle: (store: WholeStore) => Promise<unknown>;
  /** False where what it may take is bounded by somebody else. */
  readonly isBounded?: boolean;
  /** False where an entry that is set anew while it is purged may be counted as replaced, and not as purged. */
  readonly countsReplaced?: boolean;
  /** False where entries that are set at the same moment come in no order. */
  readonly isOrdered?: boolean;
}

const ROOMY = 100_000_000;

const read = async (store: WholeStore, key: string) => (await store.get(key))?.entry;

export function keepsTheContract(name: string, { open, settle, isBounded = true }: Subject): void {
  describe(name, () => {
    test('has nothing at first', async () => {
      const store = await open(ROOMY);
      expect(await store.get('never set')).toBeUndefined();
      expect(store.getSync('never set')).toBeUndefined();
      expect(await store.size()).toEqual({ entries: 0, bytes: 0 });
    });

    test('returns what was set, whole', async () => {
      const store = await open(ROOMY);
      const entries = {
        plain: entryOf('plain', { answerId: 'chatcmpl-1', expiresAt: Date.UTC(2027, 0, 1) }),
        'for ever': entryOf('for ever', { expiresAt: Infinity }),
        empty: entryOf(''),
        '': entryOf('under the empty key'),
        'odd 鍵 🔑 \u0000 key': entryOf('文字 🙂', { answerId: '識別 🙂' }),
        constructor: entryOf('an ordinary key', {
          head: { status: 299, statusText: 'Ça va', headers: ['X-Twice', 'a', 'X-Twice', 'b', 'x-odd', 'é\u00ff"\\'] },
        }),
      };
      for (const [key, entry] of Object.entries(entries)) store.set(key, entry);
      await settle(store);
      for (const [key, entry] of Object.entries(entries)) {
        expect(await read(store, key)).toEqual(entry);
        expect(Buffer.isBuffer((await read(store, key))?.body)).toBe(true);
      }
      expect((await store.size()).entries).toBe(Object.keys(entries).length);
    });

    test('leaves the body that was given to its giver', async () => {
      const store = await open(ROOMY);
      const entry = entryOf('shared with the memory tier');
      store.set('key', entry);
      await settle(store);
      expect(entry.body.toString()).toBe('shared with the memory tier');
    });

    test('keeps the last of several sets', async () => {
      const store = await open(ROOMY);
      for (const text of ['first', 'second, and longer', '3rd']) {
        store.set('key', entryOf(text));
        await settle(store);
        expect((await read(store, 'key'))?.body.toString()).toBe(text);
      }
      expect((await store.size()).entries).toBe(1);
    });

    test('returns several at once, and leaves out those that it has not', async () => {
      const store = await open(ROOMY);
      store.setMany(['a', 'b', 'c'].map((key) => [key, entryOf(key)]));
      await settle(store);
      store.set('b', entryOf('b again'));
      store.delete('c');
      const found = await store.getMany(['b', 'never set', 'c', 'a']);
      expect(new Map(Array.from(found, ([key, { entry }]) => [key, entry.body.toString()]))).toEqual(
        new Map([
          ['a', 'a'],
          ['b', 'b again'],
        ]),
      );
      expect(found.values().every(({ entry }) => Buffer.isBuffer(entry.body))).toBe(true);
      expect((await store.getMany([])).size).toBe(0);
    });

    test('forgets what is deleted, and that alone', async () => {
      const store = await open(ROOMY);
      for (const key of ['a', 'b', 'c']) store.set(key, entryOf(key));
      await settle(store);
      store.delete('b');
      store.delete('never set');
      await settle(store);
      expect(await store.get('b')).toBeUndefined();
      expect(await read(store, 'a')).toBeDefined();
      expect(await read(store, 'c')).toBeDefined();
      expect((await store.size()).entries).toBe(2);
      store.delete('a');
      store.delete('c');
      expect(await store.size()).toEqual({ entries: 0, bytes: 0 });
    });

    test('does nothing, quietly, once it is closed', async () => {
      const store = await open(ROOMY);
      store.set('key', entryOf('text'));
      await settle(store);
      await store.close();
      await store.close();
      expect(await store.get('key')).toBeUndefined();
      expect(store.getSync('key')).toBeUndefined();
      store.delete('key');
    });
  });
  if (isBounded) keepsItsBound(name, { open, settle });
}

function keepsItsBound(name: string, { open, settle }: Subject): void {
  describe(`${name}, bounded`, () => {
    test('stays within its bound, the newest kept', async () => {
      const bound = 60_000;
      const store = await open(bound);
      for (let index = 0; index < 150; index += 1) {
        store.set(`key ${index}`, entryOf(textOf(index, 40 * (index % 50))));
        await settle(store);
        if (index % 10 === 9) expect((await store.size()).bytes).toBeLessThanOrEqual(bound);
      }
      expect(await store.get('key 0')).toBeUndefined();
      expect((await read(store, 'key 149'))?.body.toString()).toBe(textOf(149, 40 * 49));
    });

    test('does not keep what is larger than its bound, nor what that replaces', async () => {
      const store = await open(10_000);
      store.set('key', entryOf('small'));
      store.set('other', entryOf('small'));
      await settle(store);
      store.set('key', entryOf(textOf(1, 20_000)));
      await store.size();
      expect(await store.get('key')).toBeUndefined();
      expect(await store.get('other')).toBeDefined();
    });

    test('keeps nothing within a bound of 0', async () => {
      const store = await open(0);
      store.set('key', entryOf(''));
      expect(await store.size()).toEqual({ entries: 0, bytes: 0 });
      expect(await store.get('key')).toBeUndefined();
    });
  });
}
