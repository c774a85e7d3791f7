/**
 * The stores that the configuration names, as one.
 */
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { TierReading } from './ledger/metrics.ts';
import type { Log } from './log.ts';
import type { Gone } from './store/gone.ts';
import { createMemoryStore, type LruInfo } from './store/memory.ts';
import { createSqliteStore } from './store/sqlite.ts';
import type { FileFailure } from './store/sqlite-failure.ts';
import type { Store } from './store/store.ts';
import { createTiers } from './store/tiers.ts';

export interface Stores {
  readonly store: Store;
  /** @returns why the file is not to be used at all, or null */
  readonly openFile: () => Promise<FileFailure | null>;
  readonly tiers: () => readonly TierReading[];
  readonly isFileUp: () => boolean;
  readonly lru: () => LruInfo;
}

/** Events of the store's file. */
export interface FileEvents {
  readonly onGone: (gone: Gone) => void;
  readonly onReplaced: () => void;
}

/** @param memoryBytes the most that answers may take in memory; 0 keeps none there */
export function createStores(
  { store: { path, bytes } }: Config,
  memoryBytes: number,
  log: Log,
  clock: Clock,
  events: FileEvents,
): Stores {
  const memory = createMemoryStore({ maxBytes: memoryBytes, holdsParts: path === null });
  const onGone = (gone: Gone) => {
    events.onGone(gone);
    store.heed(gone);
  };
  const { onReplaced } = events;
  const file = path === null ? null : createSqliteStore({ path, maxBytes: bytes, clock, log, onGone, onReplaced });
  const isUsed = memoryBytes > 0;
  const store = createTiers([...(isUsed ? [memory] : []), ...(file ? [file] : [])], clock);
  return {
    store,
    async openFile() {
      await file?.ready;
      return file?.refusal ?? null;
    },
    tiers: () => [
      ...(isUsed ? [{ tier: 'memory', maxBytes: memoryBytes, ...memory.held }] : []),
      ...(file ? [{ tier: 'sqlite', maxBytes: bytes, ...file.held }] : []),
    ],
    isFileUp: () => file?.state === 'up',
    lru: memory.info,
  };
}
