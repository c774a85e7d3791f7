import { onTestFinished } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { honoursCatalogue } from './catalogue-contract.ts';
import { keepsTheContract } from './contract.ts';
import { createTempDir } from './temp-dir.ts';

const atOnce = async () => {};
const written = (store: Store) => store.size();

const memory = async (maxBytes: number) => createMemoryStore({ maxBytes });
const sqlite = (maxBytes: number) => createTempDir().open({ maxBytes });

/** Breaks the contract at every call. */
const throwing = (): Store => {
  const refuse = () => {
    throw new Error('this store always throws');
  };
  return {
    has: refuse,
    getSync: refuse,
    surelyAbsent: refuse,
    get: refuse,
    use: refuse,
    set: refuse,
    delete: refuse,
    deleteAnswer: refuse,
    purge: refuse,
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
const rejecting = (): Store => {
  const reject = async () => throwing().get('');
  return {
    ...throwing(),
    get: reject as Store['get'],
    size: reject as unknown as Store['size'],
    written: reject as unknown as Store['written'],
    close: reject as unknown as Store['close'],
  };
};

const tiersOf =
  (...stores: ((maxBytes: number) => Promise<Store>)[]) =>
  async (maxBytes: number) => {
    const tiers = createTiers(await Promise.all(stores.map((open) => open(maxBytes))));
    onTestFinished(() => tiers.close());
    return tiers;
  };

keepsTheContract('memory', { open: memory, settle: atOnce, copies: 1 });
keepsTheContract('sqlite, what waits to be written', { open: sqlite, settle: atOnce, copies: 1 });
keepsTheContract('sqlite, what is written', { open: sqlite, settle: written, copies: 1 });
keepsTheContract('tiers of memory alone', { open: tiersOf(memory), settle: atOnce, copies: 1 });
keepsTheContract('tiers of memory and sqlite', { open: tiersOf(memory, sqlite), settle: written, copies: 2 });
keepsTheContract('tiers with one that throws', {
  open: tiersOf(async () => throwing(), memory),
  settle: atOnce,
  copies: 1,
});
keepsTheContract('tiers with one that rejects', {
  open: tiersOf(async () => rejecting(), memory),
  settle: atOnce,
  copies: 1,
});

honoursCatalogue('memory', { open: memory, settle: atOnce });
honoursCatalogue('sqlite', { open: sqlite, settle: written });
honoursCatalogue('tiers of memory and sqlite', { open: tiersOf(memory, sqlite), settle: written });
honoursCatalogue('tiers with one that rejects', { open: tiersOf(async () => rejecting(), memory), settle: atOnce });
