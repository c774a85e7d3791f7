/**
 * A directory for one test's usage ledger, a clock that is turned by hand and a
 * log. All that is opened here is closed when the test is over.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { UsageFile } from '../../src/ledger/usage-file.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { readPrices } from '../../src/ledger/prices.ts';
import { createLog } from '../../src/log.ts';
import { createTestClock, type TestClock } from '../harness/clock.ts';
import { NOON } from './usage-records.ts';

export interface LedgerDir {
  readonly path: string;
  readonly clock: TestClock;
  readonly lines: Record<string, unknown>[];
  open(path?: string | null): Ledger;
  asides(): string[];
}

export function createLedgerDir(): LedgerDir {
  const directory = mkdtempSync(join(tmpdir(), 'refrain-ledger-'));
  const path = join(directory, 'ledger.sqlite');
  const clock = createTestClock(NOON);
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const opened: Ledger[] = [];
  onTestFinished(async () => {
    for (const ledger of opened) await ledger.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    path,
    clock,
    lines,
    open(at = path) {
      const ledger = new Ledger({ usageFile: new UsageFile({ path: at, clock, log }), prices: readPrices(), log });
      opened.push(ledger);
      return ledger;
    },
    asides: () => readdirSync(directory).filter((name) => name.includes('.corrupt-') && !/-(wal|shm)$/.test(name)),
  };
}
