import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Ledger } from '../../src/ledger/ledger.ts';
import { readPrices } from '../../src/ledger/prices.ts';
import { readUsageFile } from '../../src/ledger/read-usage-file.ts';
import { UsageFile } from '../../src/ledger/usage-file.ts';
import { createLog } from '../../src/log.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { Thread } from '../../src/thread/thread.ts';
import { createTestClock } from '../harness/clock.ts';
import { entryOf } from '../store/entries.ts';
import { NOON, recordOf } from './usage-records.ts';

/** A store and a ledger whose files one thread owns, as in a proxy. */
function open() {
  const directory = mkdtempSync(join(tmpdir(), 'refrain-thread-'));
  const paths = { store: join(directory, 'store.sqlite'), ledger: join(directory, 'ledger.sqlite') };
  const clock = createTestClock(NOON);
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const threads: Worker[] = [];
  const note = (worker: Worker) => threads.push(worker);
  process.on('worker', note);
  const thread = new Thread();
  const store = createSqliteStore({ path: paths.store, maxBytes: 1e9, clock, log, thread });
  const usageFile = new UsageFile({ path: paths.ledger, clock, log, thread });
  const ledger = new Ledger({ usageFile, prices: readPrices(), log });
  onTestFinished(async () => {
    process.off('worker', note);
    await ledger.close();
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { paths, clock, lines, threads, store, ledger };
}

const requestsOf = async (ledger: Ledger) => (await ledger.stats()).periods.all.requests;

describe('one thread for both files', () => {
  test('that dies is told of by both, and each goes on when it is due', async () => {
    const { clock, lines, threads, store, ledger, paths } = open();
    store.set('key', entryOf('text'));
    ledger.note(recordOf());
    expect([await store.written(), await requestsOf(ledger), threads.length]).toEqual([true, 1, 1]);
    await threads[0]?.terminate();
    expect(await store.get('key')).toBeUndefined();
    expect(lines.map(({ path, code }) => [path, code])).toEqual([
      [paths.store, 'THREAD_ENDED'],
      [paths.ledger, 'THREAD_ENDED'],
    ]);
    // The ledger is asked first, and the thread that this starts has the store's file not open yet.
    ledger.note(recordOf());
    expect(await requestsOf(ledger)).toBe(2);
    expect([threads.length, store.state]).toEqual([2, 'down']);
    clock.advance(5_000);
    await store.size();
    expect((await store.get('key'))?.entry.body.toString()).toBe('text');
    expect([threads.length, store.state]).toEqual([2, 'up']);
    expect(lines.slice(2).map(({ level }) => level)).toEqual(['info', 'info']);
  });

  test('ends with the last of them, whichever that is', async () => {
    const { store, ledger, threads, paths } = open();
    store.set('key', entryOf('text'));
    ledger.note(recordOf());
    await ledger.stats();
    await ledger.close();
    expect(readUsageFile(paths.ledger, NOON).periods.all.requests).toBe(1);
    expect(await store.written()).toBe(true);
    expect(threads[0]?.threadId).toBeGreaterThan(0);
    await store.close();
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1]);
  });

  test('that takes its time has both answer without it', async () => {
    const { clock, lines, store, ledger } = open();
    store.set('key', entryOf('text'));
    ledger.note(recordOf());
    expect([await store.written(), await requestsOf(ledger)]).toEqual([true, 1]);
    ledger.note(recordOf());
    const [found, sums] = [store.get('key'), ledger.stats()];
    clock.advance(5_000);
    expect(await found).toBeUndefined();
    clock.advance(5_000);
    await sums;
    expect(lines.map(({ code }) => code)).toContain('STALLED');
    expect(await requestsOf(ledger)).toBe(2);
    expect((await store.get('key'))?.entry.body.toString()).toBe('text');
  });
});
