import { onTestFinished } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';
import { Sealing } from '../../src/store/sealing.ts';
import { createTiers } from '../../src/store/tiers.ts';
import { honoursCatalogue } from '../store/catalogue-contract.ts';
import { keepsTheContract, type WholeStore } from '../store/contract.ts';
import { createTempDir } from '../store/temp-dir.ts';
import { aCluster, aServer, type RedisPlace } from './redis-place.ts';

const USER = 'refrain on >secret ~refrain:* &refrain:* +@all -@dangerous +info';

const server = aServer();
const guarded = aServer(
  { tls: true, config: { user: USER } },
  ({ port }) => `rediss://refrain:secret@localhost:${port}`,
);
const cluster = aCluster();

const atOnce = async () => {};
const written = (store: WholeStore) => store.size();

const alone = (place: RedisPlace) => () => place.openEmpty();
const sealed = () => server.openEmpty({ sealing: new Sealing({ secret: Buffer.alloc(32, 7), isOn: true }) });

/** In tiers with memory, it is the catalogue. */
const belowMemory = async () => {
  const redis = await server.openEmpty();
  const tiers = createTiers({ stores: [createMemoryStore({ maxBytes: 1_000_000 }), redis], catalogue: redis });
  onTestFinished(() => tiers.close());
  return tiers;
};

/** Between memory and a file of this process. */
const aboveSqlite = async (maxBytes: number) => {
  const [redis, sqlite] = [await server.openEmpty(), await createTempDir().open({ maxBytes })];
  const stores = [createMemoryStore({ maxBytes: 1_000_000 }), redis, sqlite];
  const tiers = createTiers({ stores, catalogue: sqlite });
  onTestFinished(() => tiers.close());
  return tiers;
};

keepsTheContract('redis, what waits to be written', { open: alone(server), settle: atOnce, isBounded: false });
keepsTheContract('redis, what is written', { open: alone(server), settle: written, isBounded: false });
keepsTheContract('redis over TLS, as a user', { open: alone(guarded), settle: written, isBounded: false });
keepsTheContract('redis, encrypted', { open: sealed, settle: written, isBounded: false });
keepsTheContract('a cluster of redis', { open: alone(cluster), settle: written, isBounded: false });
keepsTheContract('tiers of memory and redis', { open: belowMemory, settle: written, isBounded: false });
keepsTheContract('tiers of memory, redis and sqlite', { open: aboveSqlite, settle: written, isBounded: false });

honoursCatalogue('redis', { open: alone(server), settle: written, countsReplaced: false });
honoursCatalogue('redis, encrypted', { open: sealed, settle: written, countsReplaced: false });
honoursCatalogue('a cluster of redis', {
  open: alone(cluster),
  settle: written,
  countsReplaced: false,
  isOrdered: false,
});
honoursCatalogue('tiers of memory and redis', { open: belowMemory, settle: written, countsReplaced: false });
