/**
 * Trials of a power cut. All that a writer does to its files is written down,
 * and played again up to some moment: what came before the last sync of a file
 * is there, of what came after it each sector may be there or not, whichever
 * was written first. Declares a test.
 *
 * A sync is believed: a disk that lies about it is not tried. Deleted names
 * stay deleted. SQLite syncs its log when it is written back, not with each
 * commit, so the last commits may be lost; what is left is a beginning of all
 * that was done, and no body is wrong.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import type { Entry } from '../../src/response/entry.ts';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import { Random } from '../request/random.ts';
import { BATCH, perform, stateAfter } from './operations.ts';
import { buildShim, readDiskOperations } from './disk-shim.ts';
import { OnDisk } from './on-disk.ts';
import { createTempDir } from './temp-dir.ts';

const WRITER = new URL('./writer.ts', import.meta.url).pathname;
const FILE = 'store.db';

export interface PowerCutOptions {
  /** How many batches are written. */
  readonly batches: number;
  /** How many moments are tried. */
  readonly cuts: number;
  readonly seed: number;
  readonly report?: (figures: string) => void;
}

/** Has a writer write so many batches. */
async function write(directory: string, log: string, batches: number): Promise<void> {
  const environment = { ...process.env, LD_PRELOAD: buildShim(directory), DISK_FILE: FILE, DISK_LOG: log };
  const child = spawn(process.execPath, [WRITER, join(directory, FILE), '0'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout }))
    if (line === `committed ${batches * BATCH}`) child.kill('SIGKILL');
  expect(await exit).toEqual([null, 'SIGKILL']);
}

const digestOf = (state: Iterable<readonly [string, Entry | undefined]>) => {
  const hash = createHash('sha256');
  for (const [key, entry] of [...state].toSorted())
    hash.update(`${key} ${entry ? createHash('sha256').update(entry.body).digest('hex') : 'nothing'}\n`);
  return hash.digest('hex');
};

/** How many batches these files hold. */
function batchesIn(
  directory: string,
  files: ReadonlyMap<string, Buffer>,
  known: ReadonlyMap<string, number>,
  trial: string,
): number {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
  const database = new DatabaseSync(join(directory, FILE));
  expect(database.prepare('PRAGMA integrity_check').all(), trial).toEqual([{ integrity_check: 'ok' }]);
  database.close();
  const file = new SqliteFile({
    path: join(directory, FILE),
    maxBytes: 1e9,
    onNews: ({ kind }) => kind === 'quarantined' && expect.unreachable(`the file was set aside: ${trial}`),
  });
  file.open(0);
  const state = Array.from(stateAfter(0).keys(), (key) => [key, file.get(key, 0)] as const);
  file.close();
  const batches = known.get(digestOf(state));
  expect(batches, `a beginning of all that was done: ${trial}`).toBeDefined();
  return batches as number;
}

/** The state that each number of batches leaves, up to so many. */
const statesUpTo = (batches: number) =>
  new Map(Array.from({ length: batches + 1 }, (_, done) => [digestOf(stateAfter(done * BATCH)), done]));

/** Of a log that was never synced but for its header: few enough batches that it is not written back meanwhile. */
const UNSYNCED_BATCHES = 10;
const HEADER_BYTES = 32;

/** The same without a record, by what a store has left in its files after each of a few batches. */
export function survivesLostSectors({ cuts, seed }: Pick<PowerCutOptions, 'cuts' | 'seed'>): void {
  test(`a log that loses any sectors leaves a beginning of what was done: ${cuts} times, seed ${seed}`, async () => {
    const dir = createTempDir();
    const store = await dir.open();
    const random = new Random(seed);
    const known = statesUpTo(UNSYNCED_BATCHES);
    const seen = new Set<number>();
    await store.size();
    for (let done = 0; done < UNSYNCED_BATCHES; done += 1) {
      for (let operation = done * BATCH; operation < (done + 1) * BATCH; operation += 1) perform(store, operation);
      await store.size();
      const [database, log] = ['', '-wal'].map((suffix) => readFileSync(dir.path + suffix)) as [Buffer, Buffer];
      const onDisk = new OnDisk({ kind: 'write', file: 'log', offset: 0, bytes: log.subarray(0, HEADER_BYTES) });
      onDisk.do({ kind: 'sync', file: 'log', offset: 0, bytes: Buffer.alloc(0) });
      onDisk.do({ kind: 'write', file: 'log', offset: HEADER_BYTES, bytes: log.subarray(HEADER_BYTES) });
      const judge = (bytes: Buffer, trial: string) =>
        batchesIn(
          join(dir.directory, 'copy'),
          new Map([
            [FILE, database],
            [`${FILE}-wal`, bytes],
          ]),
          known,
          trial,
        );
      expect(judge(onDisk.whole(), 'all of it')).toBe(done + 1);
      for (let cut = 0; cut < cuts / UNSYNCED_BATCHES; cut += 1)
        seen.add(judge(onDisk.afterCut(random), `cut ${cut} after batch ${done}`));
    }
    expect(seen.size).toBeGreaterThan(2);
  });
}

export function survivesPowerCuts({ batches, cuts, seed, report }: PowerCutOptions): void {
  test(`a power cut at ${cuts} moments leaves a beginning of what was done, and no wrong body: seed ${seed}`, {
    timeout: cuts * 5_000 + 120_000,
  }, async () => {
    const { directory } = createTempDir();
    const log = join(directory, 'log');
    await write(directory, log, batches);
    const operations = readDiskOperations(log);
    // The writer may have gone on for a while before it was killed.
    const known = statesUpTo(2 * batches);
    const random = new Random(seed);
    const moments = new Set(Array.from({ length: cuts }, () => random.below(operations.length)));
    const disk = new Map<string, OnDisk>();
    const image = (of: (file: OnDisk) => Buffer) => new Map(Array.from(disk, ([name, file]) => [name, of(file)]));
    const copy = join(directory, 'copy');
    let synced = 0;
    const lost: number[] = [];
    for (const [at, operation] of operations.entries()) {
      const { kind, file } = operation;
      const trial = `cut after operation ${at}, ${kind} ${file}`;
      if (kind === 'unlink') disk.delete(file);
      else if (disk.has(file)) disk.get(file)?.do(operation);
      else disk.set(file, new OnDisk(operation));
      // Writes that a log says are synced cannot be lost.
      if (kind === 'sync' && file === `${FILE}-wal`)
        synced = batchesIn(
          copy,
          image((one) => one.whole()),
          known,
          trial,
        );
      if (!moments.has(at)) continue;
      const done = batchesIn(
        copy,
        image((one) => one.whole()),
        known,
        `all of ${trial}`,
      );
      const left = batchesIn(
        copy,
        image((one) => one.afterCut(random)),
        known,
        trial,
      );
      expect(left, trial).toBeGreaterThanOrEqual(synced);
      expect(left, trial).toBeLessThanOrEqual(done);
      lost.push(done - left);
    }
    expect(synced).toBeGreaterThan(0);
    report?.(
      `${moments.size} cuts of ${operations.length} operations, ` +
        `${operations.filter(({ kind }) => kind === 'sync').length} of them syncs: ` +
        `at most ${Math.max(...lost)} of ${batches} batches lost, ` +
        `none in ${lost.filter((count) => count === 0).length}`,
    );
  });
}
