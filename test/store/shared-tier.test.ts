import { describe, expect, test } from 'vitest';
import type { Catalogue } from '../../src/store/catalogue.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Judgement } from '../../src/store/purge-judge.ts';
import type { Fence, Tier } from '../../src/store/store.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { createTestClock } from '../harness/clock.ts';
import { entryOf } from './entries.ts';

const memory = () => createMemoryStore({ maxBytes: 1_000_000 });

/** A store that is asked and waited for; what is set is noted with its fence. */
function slow(name: string) {
  const fences: (Fence | undefined)[] = [];
  const store = memory();
  const tier: Tier & Catalogue = Object.assign(store, {
    name,
    isSync: false,
    getSync: () => undefined,
    set(key: string, entry: Parameters<Tier['set']>[1], fence?: Fence) {
      fences.push(fence);
      Object.getPrototypeOf(store).set.call(store, key, entry);
    },
  });
  return { tier, fences };
}

/** Memory, a store that is shared, and a file below it. */
function stack(judgements: Judgement[] = []) {
  const [first, shared, file] = [memory(), slow('redis'), slow('sqlite')];
  let caughtUp = 0;
  const tiers = createTiers({ stores: [first, file.tier], catalogue: file.tier, clock: createTestClock() });
  tiers.share({
    store: shared.tier,
    catalogue: shared.tier,
    judge: {
      judge: () => judgements.shift() ?? 'kept',
      async catchUp() {
        caughtUp++;
      },
    },
  });
  return { tiers, first, shared, file, readOn: () => caughtUp };
}

const textIn = async (store: Tier, key: string) => (await store.get(key))?.entry.body.toString();

describe('tiers with a store that others share', () => {
  test('ask it before the file, and write to all under the fence', async () => {
    const { tiers, first, shared, file } = stack();
    expect(tiers.isSync).toBe(false);
    tiers.set('key', entryOf('text'), { key: 'key', token: 'mine' });
    expect(shared.fences).toEqual([{ key: 'key', token: 'mine' }]);
    for (const store of [first, shared.tier, file.tier]) expect(await textIn(store, 'key')).toBe('text');
    file.tier.set('key', entryOf('older'));
    first.delete('key');
    expect((await tiers.getSlow('key'))?.entry.body.toString()).toBe('text');
    expect(await textIn(first, 'key')).toBe('text');
  });

  test('give it what the file has only where it has nothing', async () => {
    const { tiers, first, shared, file } = stack();
    file.tier.set('key', entryOf('text'));
    expect((await tiers.get('key'))?.entry.body.toString()).toBe('text');
    expect(shared.fences).toEqual([{ key: 'key', token: '' }]);
    expect(await textIn(first, 'key')).toBe('text');
  });

  test('pass over what was purged, and delete it from what is not shared', async () => {
    const { tiers, first, shared, file } = stack(['purged', 'purged']);
    shared.tier.set('key', entryOf('purged'));
    file.tier.set('key', entryOf('purged, too'));
    expect(await tiers.getSlow('key')).toBeUndefined();
    expect(await textIn(first, 'key')).toBeUndefined();
    expect(await textIn(shared.tier, 'key')).toBe('purged');
    expect(await textIn(file.tier, 'key')).toBeUndefined();
  });

  test('pass over it where several are asked for', async () => {
    const { tiers, shared } = stack(['kept', 'purged', 'kept']);
    for (const key of ['a', 'b', 'c']) shared.tier.set(key, entryOf(key));
    expect([...(await tiers.getMany(['a', 'b', 'c'])).keys()]).toEqual(['a', 'c']);
  });

  test('have the log read on before they judge what is not known', async () => {
    const { tiers, first, shared, readOn } = stack(['unknown', 'kept', 'unknown', 'unknown']);
    shared.tier.set('key', entryOf('text'));
    expect((await tiers.getSlow('key'))?.tier).toBeDefined();
    expect(readOn()).toBe(1);
    first.delete('key');
    expect(await tiers.getSlow('key')).toBeUndefined();
    expect(readOn()).toBe(2);
    expect(await textIn(shared.tier, 'key')).toBe('text');
  });

  test('do not judge what memory has', () => {
    const { tiers, first } = stack(['purged']);
    first.set('key', entryOf('text'));
    expect(tiers.getSync('key')?.entry.body.toString()).toBe('text');
  });

  test('drop from all others what another process threw away, but where that was reported', async () => {
    const { tiers, first, shared, file } = stack();
    for (const key of ['a', 'b']) tiers.set(key, entryOf(key));
    tiers.heed({ key: 'a' });
    tiers.heed({ purge: {} }, file.tier);
    expect([await textIn(first, 'a'), await textIn(first, 'b')]).toEqual([undefined, undefined]);
    expect([await textIn(file.tier, 'a'), await textIn(file.tier, 'b')]).toEqual([undefined, 'b']);
    expect(await textIn(shared.tier, 'a')).toBe('a');
  });
});
