/**
 * A directory for one test's database file, with a clock that is turned by hand
 * and a log that can be waited on. All stores opened here are closed, and the
 * directory is gone, when the test is over.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { createLog } from '../../src/log.ts';
import type { Gone } from '../../src/store/gone.ts';
import { createSqliteStore, type SqliteStore } from '../../src/store/sqlite.ts';
import type { SealingOptions } from '../../src/store/sealing.ts';
import { createTestClock, type TestClock } from '../harness/clock.ts';

export interface Line {
  readonly level: string;
  readonly path: string;
  readonly code?: string;
  readonly movedTo?: string;
  readonly msg: string;
}

export interface TempDir {
  readonly directory: string;
  readonly path: string;
  readonly clock: TestClock;
  readonly lines: readonly Line[];
  /** Resolves with the log's line number `count`, once it is written. */
  line(count: number): Promise<Line>;
  open(options?: {
    maxBytes?: number;
    retention?: number;
    path?: string;
    sealing?: SealingOptions | null;
    onGone?: (gone: Gone) => void;
  }): Promise<SqliteStore>;
  /** Another connection to the file, as another process would have. */
  connect(): DatabaseSync;
  /** The files that were set aside in this directory. */
  asides(): string[];
}

export function createTempDir(): TempDir {
  const directory = mkdtempSync(join(tmpdir(), 'refrain-store-'));
  const path = join(directory, 'store.db');
  const clock = createTestClock();
  const lines: Line[] = [];
  const waiting: { count: number; resolve: (line: Line) => void }[] = [];
  const closing: (() => unknown)[] = [];

  const log = createLog('info', {
    write(text) {
      const line = JSON.parse(text) as Line;
      lines.push(line);
      for (const { count, resolve } of waiting) if (count === lines.length) resolve(line);
    },
  });

  onTestFinished(async () => {
    for (const close of closing) await close();
    rmSync(directory, { recursive: true, force: true });
  });

  return {
    directory,
    path,
    clock,
    lines,
    line(count) {
      const { promise, resolve } = Promise.withResolvers<Line>();
      waiting.push({ count, resolve });
      const past = lines[count - 1];
      if (past !== undefined) resolve(past);
      return promise;
    },
    async open({ maxBytes = 1e9, retention = 0, path: other = path, sealing = null, onGone = () => {} } = {}) {
      const store = createSqliteStore({ path: other, maxBytes, retention, clock, log, sealing: () => sealing, onGone });
      closing.push(() => store.close());
      await store.ready;
      return store;
    },
    connect() {
      const database = new DatabaseSync(path);
      closing.unshift(() => database.isOpen && database.close());
      return database;
    },
    asides: () => readdirSync(directory).filter((name) => name.includes('.corrupt-')),
  };
}
