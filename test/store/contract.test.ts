import { setImmediate } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Catalogue } from '../../src/store/catalogue.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Tier } from '../../src/store/store.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { honoursCatalogue } from './catalogue-contract.ts';
import { keepsTheContract, type WholeStore } from './contract.ts';
import { createTempDir } from './temp-dir.ts';

const atOnce = async () => {};
const written = (store: WholeStore) => store.size();

const memory = async (maxBytes: number) => createMemoryStore({ maxBytes });
const sqlite = (maxBytes: number) => createTempDir().open({ maxBytes });
const sealed = (maxBytes: number) =>
  createTempDir().open({ maxBytes, sealing: { secret: Buffer.alloc(32, 7), isOn: true } });

/** A store that is some way off: all that is asked of it takes a turn. */
const distant = async (maxBytes: number): Promise<Tier & Catalogue> => {
  const store = createMemoryStore({ maxBytes });
  const late =
    <A extends unknown[], T>(act: (...args: A) => Promise<T>) =>
    async (...args: A) => {
      await setImmediate();
      return act(...args);
    };
  const [get, getMany] = [late(store.get.bind(store)), late(store.getMany.bind(store))];
  const itself = { name: 'distant', isSync: false, has: () => false, getSync: () => undefined, get, getMany };
  return Object.assign(store as Tier & Catalogue, itself);
};

/** Breaks the contract at every call. */
const throwing = (): Required<Tier> & Catalogue => {
  const refuse = () => {
    throw new Error('this store always throws');
  };
  return {
    name: 'throwing',
    isSync: false,
    has: refuse,
    getSync: refuse,
    get: refuse,
    getMany: refuse,
    use: refuse,
    set: refuse,
    setDerived: refuse,
    setMany: refuse,
    delete: refuse,
    deleteAnswer: refuse,
    purge: refuse,
    drop: refuse,
    list: refuse,
    count: refuse,
    listByPrefix: refuse,
    read: refuse,
    findByPrefix: refuse,
    newest: refuse,
    size: refuse,
    written: refuse,
    close: refuse,
  };
};

/** Breaks it a turn later, where it can. */
const rejecting = (): Required<Tier> & Catalogue => {
  const reject = async (): Promise<never> => throwing().get('') as never;
  const late = { get: reject, getMany: reject, written: reject, close: reject };
  const told = { list: reject, count: reject, listByPrefix: reject, read: reject, findByPrefix: reject };
  return { ...throwing(), ...late, ...told, newest: reject, size: reject };
};

/** The last is the catalogue. */
const tiersOf =
  (...stores: ((maxBytes: number) => Promise<Tier>)[]) =>
  async (maxBytes: number) => {
    const opened = await Promise.all(stores.map((open) => open(maxBytes)));
    const tiers = createTiers({ stores: opened, catalogue: opened.at(-1) as Tier & Catalogue });
    onTestFinished(() => tiers.close());
    return tiers;
  };

keepsTheContract('memory', { open: memory, settle: atOnce });
keepsTheContract('sqlite, what waits to be written', { open: sqlite, settle: atOnce });
keepsTheContract('sqlite, what is written', { open: sqlite, settle: written });
keepsTheContract('sqlite, what is written sealed', { open: sealed, settle: written });
keepsTheContract('tiers of memory alone', { open: tiersOf(memory), settle: atOnce });
keepsTheContract('tiers of memory and sqlite', { open: tiersOf(memory, sqlite), settle: written });
keepsTheContract('tiers of three', { open: tiersOf(memory, distant, sqlite), settle: written });
keepsTheContract('tiers with one that throws', { open: tiersOf(async () => throwing(), memory), settle: atOnce });
keepsTheContract('tiers with one that rejects', { open: tiersOf(async () => rejecting(), memory), settle: atOnce });

honoursCatalogue('memory', { open: memory, settle: atOnce });
honoursCatalogue('sqlite', { open: sqlite, settle: written });
honoursCatalogue('sqlite, sealed', { open: sealed, settle: written });
honoursCatalogue('tiers of memory and sqlite', { open: tiersOf(memory, sqlite), settle: written });
honoursCatalogue('tiers of three', { open: tiersOf(memory, distant, sqlite), settle: written });
honoursCatalogue('tiers with one that rejects', { open: tiersOf(async () => rejecting(), memory), settle: atOnce });
