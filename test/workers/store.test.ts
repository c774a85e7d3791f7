import { duplexPair } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';
import { Channel } from '../../src/workers/channel.ts';
import { ParentHub } from '../../src/workers/parent-hub.ts';
import type { ParentServices } from '../../src/workers/parent-services.ts';
import { RemoteStore } from '../../src/workers/remote-store.ts';
import { type BaseStore, SharedStore } from '../../src/workers/shared-store.ts';
import { createTestClock } from '../harness/clock.ts';
import { honoursCatalogue } from '../store/catalogue-contract.ts';
import { keepsTheContract } from '../store/contract.ts';
import { entryOf } from '../store/entries.ts';
import { createTempDir } from '../store/temp-dir.ts';

const onFault = (method: string, error: unknown) => expect(error, method).toBeUndefined();

/** A store of the parent, and as many workers that have it as are wanted. */
function share(base: BaseStore) {
  const hub = new ParentHub(createTestClock());
  const shared = new SharedStore(base, hub);
  const open = () => {
    const [theirs, ours] = duplexPair();
    const parent = new Channel({ socket: theirs, services: { store: shared.service() }, onFault, onClose: () => {} });
    const worker = new Channel<ParentServices>({ socket: ours, services: {}, onFault, onClose: () => {} });
    onTestFinished(() => parent.close());
    return new RemoteStore(base.name, worker, true);
  };
  hub.join('a', { deliver: async () => true, news: async () => {}, left: () => {} });
  return { hub, base, open };
}

const memory = (maxBytes: number) => createMemoryStore({ maxBytes });
const overMemory = async (maxBytes: number) => share(memory(maxBytes)).open();
const overSqlite = async (maxBytes: number) => share(await createTempDir().open({ maxBytes })).open();

keepsTheContract("a parent's memory, from a worker", { open: overMemory, settle: async () => {} });
keepsTheContract("a parent's file, from a worker", { open: overSqlite, settle: (store) => store.size() });
honoursCatalogue("a parent's memory, from a worker", { open: overMemory, settle: async () => {} });

describe('a lease', () => {
  const claim = (token: string, more: object = {}) => ({
    key: 'k',
    token,
    ms: 1_000,
    seen: null,
    takesOver: false as string | boolean,
    ...more,
  });
  const fence = (token: string) => ({ key: 'k', token });
  const bodyOf = async (store: RemoteStore) => (await store.get('k'))?.entry.body.toString();

  test('is given back by the write that it guards', async () => {
    const { hub, open } = share(memory(1e6));
    const store = open();
    await hub.claim('a', claim('t1'));
    store.set('k', entryOf('one'), fence('t1'));
    expect(await bodyOf(store)).toBe('one');
    expect(hub.holder('k')).toBeUndefined();
  });

  test('is not granted to who has not seen what was written meanwhile', async () => {
    const { hub, open } = share(memory(1e6));
    const store = open();
    await hub.claim('a', claim('t1'));
    const entry = entryOf('one', { storedAt: 77 });
    store.set('k', entry, fence('t1'));
    await store.size();
    expect(await hub.claim('a', claim('t2'))).toEqual({ kind: 'stored', storedAt: 77 });
    expect(await hub.claim('a', claim('t3', { seen: 77 }))).toEqual({ kind: 'granted' });
    store.delete('k');
    await store.size();
    expect(await hub.claim('a', claim('t4', { takesOver: 't3' }))).toEqual({ kind: 'granted' });
  });

  test('that was taken over writes over nothing', async () => {
    const { hub, open } = share(memory(1e6));
    const [late, store] = [open(), open()];
    await hub.claim('a', claim('t1'));
    await hub.claim('a', claim('t2', { takesOver: true }));
    store.set('k', entryOf('newer'), fence('t2'));
    await store.size();
    late.set('k', entryOf('older'), fence('t1'));
    await late.size();
    expect(await bodyOf(store)).toBe('newer');
  });

  test('that holds no more writes where nothing is, also where that is known to the file alone', async () => {
    const { base, open } = share(await createTempDir().open({ maxBytes: 1e6 }));
    base.set('k', entryOf('kept before'));
    await base.written();
    const store = open();
    store.set('k', entryOf('late'), fence('none'));
    await store.size();
    expect(await bodyOf(store)).toBe('kept before');
    store.delete('k');
    store.set('k', entryOf('late'), fence('none'));
    await expect.poll(() => bodyOf(store)).toBe('late');
  });

  test('that holds no more brings nothing back that was thrown away meanwhile', async () => {
    const { base, open } = share(memory(1e6));
    const store = open();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    base.get = () => promise;
    store.set('k', entryOf('late'), fence('none'));
    store.delete('k');
    await store.size();
    resolve(undefined);
    await store.size();
    expect(base.has?.('k')).toBe(false);
  });
});

describe('without its parent', () => {
  test('a store has nothing, and nothing is ever waited for', async () => {
    const [theirs, ours] = duplexPair();
    const channel = new Channel<ParentServices>({ socket: ours, services: {}, onFault, onClose: () => {} });
    const store = new RemoteStore('sqlite', channel, true);
    const asked = store.get('k');
    theirs.destroy();
    ours.destroy();
    expect(await asked).toBeUndefined();
    store.set('k', entryOf('x'));
    expect(store.state).toBe('down');
    expect(await store.get('k')).toBeUndefined();
    expect(await store.written()).toBe(false);
    expect(await store.list({ filter: {}, sort: 'newest', limit: 1, after: null })).toBeUndefined();
  });
});
