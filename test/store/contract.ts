/**
 * What every store keeps to, whatever it is made of.
 */
import { describe, expect, test } from 'vitest';
import type { StoredRequest } from '../../src/response/entry.ts';
import type { Likeness, Store } from '../../src/store/store.ts';
import { entryOf, textOf } from './entries.ts';

export interface Subject {
  /** A new and empty store that is closed after the test. */
  readonly open: (maxBytes: number) => Promise<Store>;
  /** Awaited after changes and before asking; nothing for a store that is to answer at once. */
  readonly settle: (store: Store) => Promise<unknown>;
  /** In how many tiers an entry is held. */
  readonly copies: number;
}

const ROOMY = 100_000_000;

export function keepsTheContract(name: string, { open, settle, copies }: Subject): void {
  describe(name, () => {
    const read = async (store: Store, key: string) => (await store.get(key))?.entry;

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
      expect((await store.size()).entries).toBe(Object.keys(entries).length * copies);
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
      expect((await store.size()).entries).toBe(copies);
    });

    test('tells what was asked, by the first digits of a key or by what requests have in common, the newest first', async () => {
      const store = await open(ROOMY);
      const askedOf = (more: Partial<StoredRequest> = {}): StoredRequest => ({
        endpoint: 'chat',
        model: 'm',
        scope: 's',
        tags: [],
        parts: { path: '/v1', body: 'json:{"é":1}' },
        ...more,
      });
      const request: Record<string, StoredRequest> = {
        'aa11.json': askedOf(),
        'aa22.json': askedOf({ parts: null }),
        'bb11.sse': askedOf({ model: null }),
        'cc11.json': askedOf({ scope: 't' }),
        'dd11.json': askedOf({ endpoint: 'responses' }),
        'ee11.json': askedOf(),
      };
      for (const [key, one] of Object.entries(request)) {
        store.set(key, entryOf(key, { request: one }));
        await settle(store);
      }
      store.set('ff11.json', entryOf('of a request that is not known'));
      await settle(store);
      for (const [key, one] of Object.entries(request))
        expect(await store.findByPrefix(key.slice(0, 4))).toEqual({ key, request: one });
      expect(await store.findByPrefix('ff11')).toBeUndefined();
      expect(await store.findByPrefix('0')).toBeUndefined();
      const keysLike = async (like: Likeness, limit = 10) => (await store.newest(like, limit)).map(({ key }) => key);
      expect(await keysLike({ endpoint: 'chat', model: 'm', scope: 's' })).toEqual([
        'ee11.json',
        'aa22.json',
        'aa11.json',
      ]);
      expect(await keysLike({ endpoint: 'chat', model: 'm', scope: 's' }, 1)).toEqual(['ee11.json']);
      expect(await keysLike({ endpoint: 'chat', model: null, scope: 's' })).toEqual(['bb11.sse']);
      expect(await keysLike({ endpoint: 'chat', model: 'x', scope: 's' })).toEqual([]);
      store.delete('ee11.json');
      await settle(store);
      expect(await keysLike({ endpoint: 'chat', model: 'm', scope: 's' })).toEqual(['aa22.json', 'aa11.json']);
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
      expect((await store.size()).entries).toBe(2 * copies);
      store.delete('a');
      store.delete('c');
      expect(await store.size()).toEqual({ entries: 0, bytes: 0 });
    });

    test('forgets an answer under every key that has it, and no other', async () => {
      const store = await open(ROOMY);
      store.set('json', entryOf('json', { answerId: 'resp_1' }));
      store.set('sse', entryOf('sse', { answerId: 'resp_1' }));
      store.set('replaced', entryOf('old', { answerId: 'resp_1' }));
      store.set('other', entryOf('other', { answerId: 'resp_2' }));
      store.set('nameless', entryOf('nameless'));
      await settle(store);
      store.set('replaced', entryOf('new', { answerId: 'resp_3' }));
      store.deleteAnswer('resp_1');
      store.set('again', entryOf('again', { answerId: 'resp_1' }));
      await settle(store);
      const held = [];
      for (const key of ['json', 'sse', 'replaced', 'other', 'nameless', 'again'])
        if (await store.get(key)) held.push(key);
      expect(held).toEqual(['replaced', 'other', 'nameless', 'again']);
    });

    test('stays within its bound, the newest kept', async () => {
      const bound = 60_000;
      const store = await open(bound);
      for (let index = 0; index < 150; index += 1) {
        store.set(`key ${index}`, entryOf(textOf(index, 40 * (index % 50))));
        await settle(store);
        if (index % 10 === 9) expect((await store.size()).bytes).toBeLessThanOrEqual(bound * copies);
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

    test('does nothing, quietly, once it is closed', async () => {
      const store = await open(ROOMY);
      store.set('key', entryOf('text'));
      await settle(store);
      await store.close();
      await store.close();
      expect(await store.get('key')).toBeUndefined();
      expect(store.getSync('key')).toBeUndefined();
      store.delete('key');
      store.deleteAnswer('id');
    });
  });
}
