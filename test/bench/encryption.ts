/**
 * The price of encryption at rest: a hit from SQLite and the write of an entry, in the clear and sealed; and how long
 * the main thread is busy with a large one, as it is, and if it opened and sealed itself what the file's thread does.
 *
 *   node test/bench/encryption.ts
 *
 * Both kinds are measured in turns, so that a busy machine slows both; times are medians.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import type { Entry } from '../../src/response/entry.ts';
import { Encryption } from '../../src/store/encryption.ts';
import { createSqliteStore, type SqliteStore } from '../../src/store/sqlite.ts';
import { headersOf } from './requests.ts';

const SECRET = randomBytes(32);
const SIZES = [
  { bytes: 2_048, rounds: 4_000 },
  { bytes: 20_480, rounds: 2_000 },
  { bytes: 5 * 1024 * 1024, rounds: 60 },
];

function entryOf(bytes: number): Entry {
  const scope = `private:${'0'.repeat(64)}`;
  const parts = { path: '/v1/chat/completions', scope, body: `json:${'x'.repeat(2_000)}` };
  return {
    head: { status: 200, statusText: 'OK', headers: headersOf(1) },
    body: randomBytes(bytes),
    storedAt: Date.now(),
    expiresAt: Infinity,
    answerId: `chatcmpl-${'0'.repeat(29)}`,
    request: { endpoint: 'chat', model: 'gpt-4o-mini', scope, tags: [], parts },
  };
}

function open(folder: string, isOn: boolean): SqliteStore {
  return createSqliteStore({
    path: join(folder, `${isOn}.db`),
    maxBytes: 4e9,
    clock: systemClock,
    log: createLog('silent'),
    sealing: () => ({ secret: SECRET, isOn }),
  });
}

const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1] as number;

async function timed(act: () => unknown): Promise<number> {
  const start = performance.now();
  await act();
  return (performance.now() - start) * 1_000;
}

async function measure(stores: readonly SqliteStore[], bytes: number, rounds: number): Promise<void> {
  const entry = entryOf(bytes);
  const [gets, sets] = [stores.map((): number[] => []), stores.map((): number[] => [])];
  for (let round = 0; round < rounds; round += 1) {
    const turns = [...stores.entries()];
    for (const [at, store] of round % 2 === 0 ? turns : turns.toReversed()) {
      const key = `${bytes} ${round % 20}`.padStart(64, '0');
      if (round < 100) {
        sets[at]?.push(
          await timed(() => {
            store.set(key, entry);
            return store.written();
          }),
        );
      }
      gets[at]?.push(await timed(() => store.get(key)));
    }
  }
  const [clear, sealed] = gets.map(median) as [number, number];
  const [clearSet, sealedSet] = sets.map(median) as [number, number];
  const µs = (time: number) => `${time.toFixed(0)} µs`.padStart(9);
  console.log(
    `${String(bytes).padStart(8)} bytes   hit ${µs(clear)}, sealed ${µs(sealed)} (+${µs(sealed - clear).trim()})` +
      `   written ${µs(clearSet)}, sealed ${µs(sealedSet)}`,
  );
}

/** How long the event loop of this thread is busy with each `act`, in ms. */
async function busy(act: () => unknown): Promise<string> {
  const before = performance.eventLoopUtilization();
  for (let round = 0; round < ROUNDS; round += 1) await act();
  const { active } = performance.eventLoopUtilization(before);
  return `${(active / ROUNDS).toFixed(2)} ms`;
}

const folder = mkdtempSync(join(tmpdir(), 'refrain-encryption-'));
const stores = [open(folder, false), open(folder, true)];
await Promise.all(stores.map((store) => store.ready));
for (const { bytes, rounds } of SIZES) await measure(stores, bytes, rounds);

const LARGE = 5 * 1024 * 1024;
const ROUNDS = 40;
const key = `${LARGE} 1`.padStart(64, '0');
const [clear, sealed] = stores as [SqliteStore, SqliteStore];
const { body } = entryOf(LARGE);
const encryption = new Encryption(SECRET);
const text = encryption.seal(key, '', body);
// Work that is done at once keeps the loop busy only where something is waited for.
const alone = (act: () => unknown) => async () => {
  await new Promise(setImmediate);
  act();
};
console.log('The main thread is busy with each answer of 5 MiB for');
console.log(`  a hit in the clear       ${await busy(() => clear.get(key))}`);
console.log(`  a sealed hit             ${await busy(() => sealed.get(key))}`);
console.log(`  opening it there itself  ${await busy(alone(() => encryption.open(key, '', text)))} more`);
console.log(`  sealing it there itself  ${await busy(alone(() => encryption.seal(key, '', body)))} more`);
for (const store of stores) await store.close();
rmSync(folder, { recursive: true });
