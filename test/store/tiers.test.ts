import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { entryOf } from './entries.ts';

const memory = () => createMemoryStore({ maxBytes: 1_000_000 });

/** A store whose lookups wait until the test answers them. */
function createSlow() {
  let lookup = Promise.withResolvers<(text: string) => void>();
  const store: Store = {
    ...memory(),
    getSync: () => undefined,
    surelyAbsent: () => false,
    get: () =>
      new Promise((resolve) =>
        lookup.resolve((text) => resolve({ entry: entryOf(text, { answerId: 'id' }), tier: 'sqlite' })),
      ),
  };
  /** Resolves, once the next lookup has come, with what answers it. */
  const next = async () => {
    const answer = await lookup.promise;
    lookup = Promise.withResolvers();
    return answer;
  };
  return { store, next };
}

const textIn = (store: Store, key: string) => store.getSync(key)?.entry.body.toString();

describe('tiers', () => {
  test('answer from the first that has it, and give it to those before', async () => {
    const [first, second, third] = [memory(), memory(), memory()];
    const tiers = createTiers([first, second, third]);
    second.set('key', entryOf('second'));
    third.set('key', entryOf('third'));
    expect((await tiers.get('key'))?.entry.body.toString()).toBe('second');
    expect(textIn(first, 'key')).toBe('second');
    expect(textIn(third, 'key')).toBe('third');
  });

  test('give it to those before when it was had without waiting, too', () => {
    const [first, second] = [memory(), memory()];
    second.set('key', entryOf('second'));
    expect(textIn(createTiers([first, second]), 'key')).toBe('second');
    expect(textIn(first, 'key')).toBe('second');
  });

  test('say which tier had it, the first time and after', async () => {
    const { store, next } = createSlow();
    const tiers = createTiers([memory(), store]);
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
    const tiers = createTiers([first, store]);
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
    const tiers = createTiers([first, store]);
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
    const tiers = createTiers(stores);
    tiers.set('a', entryOf('a', { answerId: 'id' }));
    tiers.set('b', entryOf('b'));
    tiers.set('c', entryOf('c'));
    tiers.deleteAnswer('id');
    tiers.delete('b');
    expect(stores.map((store) => [...store.keys()])).toEqual([['c'], ['c']]);
    await tiers.close();
    expect(stores.map((store) => [...store.keys()])).toEqual([[], []]);
  });

  test('count what two of them hold twice', async () => {
    const stores = [memory(), memory()] as const;
    const tiers = createTiers(stores);
    tiers.set('a', entryOf('a'));
    const { bytes } = await stores[0].size();
    expect(await tiers.size()).toEqual({ entries: 2, bytes: 2 * bytes });
  });

  test('of nothing hold nothing', async () => {
    const tiers = createTiers([]);
    tiers.set('a', entryOf('a'));
    expect(await tiers.get('a')).toBeUndefined();
    expect(await tiers.size()).toEqual({ entries: 0, bytes: 0 });
  });
});
