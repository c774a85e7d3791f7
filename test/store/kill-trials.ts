/**
 * Trials of `kill -9`: a writer is killed at some moment, what it left is
 * judged on a copy, and the next writer goes on with the file as it was left,
 * so that it begins by recovering it and may be killed at that too. Each
 * function that is exported declares a test.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { SqliteFile, type StoreNews } from '../../src/store/sqlite-file.ts';
import { BATCH, stateAfter } from './operations.ts';
import { createTempDir } from './temp-dir.ts';
import { expectSame } from './same.ts';

const WRITER = new URL('./writer.ts', import.meta.url).pathname;
const FILE = 'store.db';

/**
 * When to kill: at so many lines of the writer, or at so many touches of one of
 * its files: `-shm` when the file is opened and recovered, `-wal` amid a commit,
 * and the database itself when the write-ahead log is written back into it.
 */
interface Moment {
  readonly what: string;
  readonly times: number;
}

const someMoment = (): Moment => {
  const [what, most] = MOMENTS[randomInt(MOMENTS.length)] as (typeof MOMENTS)[number];
  return { what, times: randomInt(1, most + 1) };
};

const MOMENTS = [
  ['a line', 24],
  ['a line', 24],
  [`${FILE}-shm`, 1],
  [`${FILE}-wal`, 20],
  [`${FILE}-wal`, 400],
  [FILE, 40],
] as const;

/** The end of a trial whose moment does not come: where the system tells of no touches. */
const LAST_LINE = 500;

/** Two at a time, one for each core that there is at least. */
const LANES = ['one', 'two'];

interface Tally {
  /** Operations that the writer said were committed. All were there, or the trial failed. */
  committed: number;
  /** Trials whose last batch was committed though that was never told. */
  untold: number;
  /** Trials that left a write-ahead log to recover. */
  logs: number;
}

interface KillOptions {
  readonly trials: number;
  readonly report?: (figures: string) => void;
}

export function losesNothingWhenKilled({ trials, report }: KillOptions): void {
  test(`a writer that is killed at any moment, ${trials} times, loses nothing committed and leaves no wrong body`, {
    timeout: 180_000 + trials * 3_000,
  }, async () => {
    const { directory } = createTempDir();
    const each = Math.ceil(trials / LANES.length);
    const tallies = await Promise.all(LANES.map((lane) => killAgainAndAgain(join(directory, lane), each)));
    for (const { committed, logs } of tallies) {
      expect(committed).toBeGreaterThan(each);
      expect(logs).toBeGreaterThan(each / 2);
    }
    report?.(`${trials} kills over ${LANES.length} files: ${JSON.stringify(tallies)}`);
  });
}

/** Far longer than it takes until what a writer says fills the pipe. */
const UNHEARD_MS = 3_000;

export function saysAllWhenUnheard(): void {
  test('a writer that is killed after nobody listened for a while has said all but one batch', async () => {
    const { directory } = createTempDir();
    const committed = await write(directory, 0, { what: 'a line', times: 1 }, UNHEARD_MS);
    expect(committed).toBeGreaterThan(BATCH);
    judge(directory, committed, 'a while unheard');
  });
}

/** One after another over one file in `directory`, which is begun afresh now and then. */
async function killAgainAndAgain(directory: string, trials: number): Promise<Tally> {
  const tally: Tally = { committed: 0, untold: 0, logs: 0 };
  mkdirSync(directory, { recursive: true });
  for (let trial = 0, done = 0; trial < trials; trial += 1) {
    if (randomInt(10) === 0) {
      rmSync(directory, { recursive: true });
      mkdirSync(directory);
      done = 0;
    }
    const moment = someMoment();
    const committed = await write(directory, done, moment);
    const left = judge(directory, committed, `trial ${trial} in ${directory}, killed at ${JSON.stringify(moment)}`);
    tally.committed += committed - done;
    tally.untold += left > committed ? 1 : 0;
    tally.logs += existsSync(join(directory, `${FILE}-wal`)) ? 1 : 0;
    done = left;
  }
  return tally;
}

/**
 * Has a writer write from operation `from` on and kills it with SIGKILL at `moment`.
 * @param unheardMs how long this thread stands still meanwhile, as on a busy machine
 * @returns how many operations it had said were committed
 */
async function write(directory: string, from: number, moment: Moment, unheardMs = 0): Promise<number> {
  // Made anew by whoever opens the file, so that its making is an event.
  rmSync(join(directory, `${FILE}-shm`), { force: true });
  const child = spawn(process.execPath, [WRITER, join(directory, FILE), String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, unheardMs);
  let times = 0;
  const seen = (what: string | null) => {
    if (what === moment.what && (times += 1) === moment.times) child.kill('SIGKILL');
  };
  let lines = 0;
  const watcher = watch(directory, (_, file) => seen(file));
  let committed = from;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, operations] = line.split(' ');
    if (word === 'committed') committed = Number(operations);
    seen('a line');
    if ((lines += 1) === LAST_LINE) child.kill('SIGKILL');
  }
  watcher.close();
  expect(await exit).toEqual([null, 'SIGKILL']);
  return committed;
}

/** All that was committed must be there, and of the batch after it all or nothing. How many operations there are. */
function judge(directory: string, committed: number, trial: string): number {
  const copy = join(directory, 'copy');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const suffix of ['', '-wal', '-journal']) {
    if (existsSync(join(directory, FILE + suffix)))
      copyFileSync(join(directory, FILE + suffix), join(copy, FILE + suffix));
  }
  const database = new DatabaseSync(join(copy, FILE));
  expect(database.prepare('PRAGMA integrity_check').all(), trial).toEqual([{ integrity_check: 'ok' }]);
  database.close();

  const setAside = ({ kind }: StoreNews) =>
    kind === 'quarantined' && expect.unreachable(`the file was set aside after ${trial}`);
  const file = new SqliteFile({ path: join(copy, FILE), maxBytes: 1e9, onNews: setAside });
  const { entries } = file.open(0);
  const state = new Map(Array.from(stateAfter(0).keys(), (key) => [key, file.get(key, 0)]));
  file.close();
  expect(entries, trial).toBe([...state.values()].filter((entry) => entry !== undefined).length);
  if (isDeepStrictEqual(state, stateAfter(committed + BATCH))) return committed + BATCH;
  for (const [key, entry] of stateAfter(committed)) expectSame(state.get(key), entry, `${key} after ${trial}`);
  return committed;
}
