import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Catalogue } from '../../src/store/catalogue.ts';
import type { EntryStore, Found, Store, Tier } from '../../src/store/store.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { entryOf } from './entries.ts';

const memory = () => createMemoryStore({ maxBytes: 1_000_000 });

const named = (name: string) => Object.assign(memory(), { name });

/** A store whose lookups wait until the test answers them. */
function createSlow() {
  let lookup = Promise.withResolvers<(text: string) => void>();
  const store = Object.assign(memory() as Tier & Catalogue, {
    isSync: false,
    getSync: () => undefined,
    get: () =>
      new Promise<Found>((resolve) =>
        lookup.resolve((text) => resolve({ entry: entryOf(text, { answerId: 'id' }), tier: 'sqlite' })),
      ),
  });
  /** Resolves, once the next lookup has come, with what answers it. */
  const next = async () => {
    const answer = await lookup.promise;
    lookup = Promise.withResolvers();
    return answer;
  };
  return { store, next };
}

/** The last is the catalogue. */
const tiersOf = (...stores: readonly (Tier & Catalogue)[]) =>
  createTiers({ stores, catalogue: stores.at(-1) ?? memory() });

const textIn = (store: EntryStore, key: string) => store.getSync(key)?.entry.body.toString();

describe('tiers', () => {
  test('answer from the first that has it, and give it to those before', async () => {
    const [first, second, third] = [memory(), memory(), memory()];
    const tiers = tiersOf(first, second, third);
    second.set('key', entryOf('second'));
    third.set('key', entryOf('third'));
    expect((await tiers.get('key'))?.entry.body.toString()).toBe('second');
    expect(textIn(first, 'key')).toBe('second');
    expect(textIn(third, 'key')).toBe('third');
  });

  test('give it to those before when it was had without waiting, too', () => {
    const [first, second] = [memory(), memory()];
    second.set('key', entryOf('second'));
    expect(textIn(tiersOf(first, second), 'key')).toBe('second');
    expect(textIn(first, 'key')).toBe('second');
  });

  test('say which tier had it, the first time and after', async () => {
    const { store, next } = createSlow();
    const tiers = tiersOf(memory(), store);
    const asked = tiers.get('key');
    (await next())('text');
    expect((await asked)?.tier).toBe('sqlite');
    expect(tiers.getSync('key')?.tier).toBe('memory');
  });

  test.each([
    ['replaced', (tiers: Store) => tiers.set('key', entryOf('new')), 'new'],
    ['deleted', (tiers: Store) => tiers.delete('key'), undefined],
    ['deleted by its answer', (tiers: Store) => tiers.deleteAnswer('id'), undefined],
    ['purged', (tiers: Store) => void tiers.purge({}), undefined],
  ])('do not promote what was %s while a slow tier was read', async (_, change, left) => {
    const first = memory();
    const { store, next } = createSlow();
    const tiers = tiersOf(first, store);
    const asked = tiers.get('key');
    const answer = await next();
    change(tiers);
    answer('old');
    await asked;
    expect(textIn(first, 'key')).toBe(left);
  });

  test('promote what is read after a change, even while an older lookup lasts', async () => {
    const first = memory();
    const { store, next } = createSlow();
    const tiers = tiersOf(first, store);
    const older = tiers.get('key');
    const answerOlder = await next();
    tiers.delete('key');
    const newer = tiers.get('key');
    const answerNewer = await next();
    answerOlder('old');
    await older;
    expect(textIn(first, 'key')).toBeUndefined();
    answerNewer('new');
    await newer;
    expect(textIn(first, 'key')).toBe('new');
  });

  test('set, delete and close each of theirs', async () => {
    const stores = [memory(), memory()] as const;
    const tiers = tiersOf(...stores);
    tiers.set('a', entryOf('a', { answerId: 'id' }));
    tiers.set('b', entryOf('b'));
    tiers.set('c', entryOf('c'));
    tiers.deleteAnswer('id');
    tiers.delete('b');
    expect(stores.map((store) => [...store.keys()])).toEqual([['c'], ['c']]);
    await tiers.close();
    expect(stores.map((store) => [...store.keys()])).toEqual([[], []]);
  });

  test('say what their catalogue holds', async () => {
    const stores = [memory(), memory()] as const;
    const tiers = tiersOf(...stores);
    tiers.set('a', entryOf('a'));
    stores[0].set('b', entryOf('b'));
    expect(await tiers.size()).toEqual(await stores[1].size());
  });

  test('say of each entry in which of them it is found first, by its name', async () => {
    const [first, second, third] = [memory(), named('second'), named('third')];
    for (const [at, store] of [third, second, first].entries())
      for (const key of ['a', 'b', 'c'].slice(at)) store.set(key, entryOf(key));
    const rows = await tiersOf(first, second, third).listByPrefix('', 9);
    expect(rows?.map(({ key, tier }) => [key, tier])).toEqual([
      ['a', 'third'],
      ['b', 'second'],
      ['c', 'memory'],
    ]);
  });

  test('look into memory once for what is not kept', async () => {
    const first = memory();
    const { store, next } = createSlow();
    const tiers = tiersOf(first, store);
    expect(tiers.getSync('key')).toBeUndefined();
    const asked = tiers.getSlow('key');
    (await next())('text');
    expect((await asked)?.tier).toBe('sqlite');
    // An entry that is found is given to memory all the same.
    expect(textIn(first, 'key')).toBe('text');
    expect(first.info()).toMatchObject({ hits: 1, misses: 1 });
    expect([tiers.isSync, tiersOf(first).isSync]).toEqual([false, true]);
  });

  test('ask several keys of the first that has each, and give them to those before', async () => {
    const [first, second, third] = [memory(), memory(), memory()];
    const tiers = tiersOf(first, second, third);
    second.set('a', entryOf('second a'));
    third.setMany(['a', 'b'].map((key) => [key, entryOf(`third ${key}`)]));
    expect([...(await tiers.getMany(['a', 'b', 'c'])).keys()]).toEqual(['a', 'b']);
    expect([textIn(first, 'a'), textIn(first, 'b'), textIn(second, 'b')]).toEqual(['second a', 'third b', 'third b']);
  });

  test('tell what another has where their catalogue cannot', async () => {
    const [first, last] = [
      memory(),
      Object.assign(memory(), { list: async () => undefined, read: () => Promise.reject(new Error()) }),
    ];
    const tiers = createTiers({ stores: [first, last], catalogue: last, fallback: first });
    tiers.set('a', entryOf('a'));
    const page = await tiers.list({ filter: {}, sort: 'newest', limit: 9, after: null });
    expect(page?.rows.map(({ key }) => key)).toEqual(['a']);
    expect((await tiers.read('a'))?.body.toString()).toBe('a');
  });

  test('of nothing hold nothing', async () => {
    const tiers = tiersOf();
    tiers.set('a', entryOf('a'));
    expect(await tiers.get('a')).toBeUndefined();
    expect(await tiers.size()).toEqual({ entries: 0, bytes: 0 });
  });
});
