/**
 * The stores that the configuration names, as one.
 */
import type { Clock } from './clock.ts';
import { type Config, retentionOf } from './config/config.ts';
import type { TierReading } from './ledger/metrics.ts';
import type { Log } from './log.ts';
import type { Gone } from './store/gone.ts';
import { createMemoryStore, type LruInfo } from './store/memory.ts';
import { createSqliteStore } from './store/sqlite.ts';
import type { SealingOptions } from './store/sqlite-sealing.ts';
import type { Store } from './store/store.ts';
import { createTiers } from './store/tiers.ts';
import type { Failure } from './thread/failure.ts';
import type { Thread } from './thread/thread.ts';

export interface Stores {
  readonly store: Store;
  /**
   * @param secret that a setting gives: it opens what is sealed, and seals where that is set
   * @returns why the file is not to be used at all, or null
   */
  readonly openFile: (secret: Buffer | null) => Promise<Failure | null>;
  readonly tiers: () => readonly TierReading[];
  readonly isFileUp: () => boolean;
  readonly lru: () => LruInfo;
}

/** Events of the store's file. */
export interface FileEvents {
  readonly onGone: (gone: Gone) => void;
  readonly onReplaced: () => void;
}

/**
 * @param memoryBytes the most that answers may take in memory; 0 keeps none there
 * @param thread is to own the file
 */
export function createStores(
  config: Config,
  memoryBytes: number,
  log: Log,
  clock: Clock,
  thread: Thread,
  events: FileEvents,
): Stores {
  const { path, bytes, encrypt } = config.store;
  let sealing: SealingOptions | null = null;
  const memory = createMemoryStore({ maxBytes: memoryBytes, holdsParts: path === null });
  const onGone = (gone: Gone) => {
    events.onGone(gone);
    store.heed(gone);
  };
  const { onReplaced } = events;
  const options = { maxBytes: bytes, retention: retentionOf(config), clock, log, thread, onGone, onReplaced };
  const file = path === null ? null : createSqliteStore({ path, sealing: () => sealing, ...options });
  const isUsed = memoryBytes > 0;
  const store = createTiers({
    stores: [...(isUsed ? [memory] : []), ...(file ? [file] : [])],
    catalogue: file ?? memory,
    fallback: memory,
    clock,
  });
  return {
    store,
    async openFile(secret) {
      sealing = secret && { secret, isOn: encrypt === 'secret' };
      await file?.ready;
      return file?.refusal ?? null;
    },
    tiers: () => [
      ...(isUsed ? [{ tier: memory.name, maxBytes: memoryBytes, ...memory.held }] : []),
      ...(file ? [{ tier: file.name, maxBytes: bytes, ...file.held }] : []),
    ],
    isFileUp: () => file?.state === 'up',
    lru: () => memory.info(),
  };
}
