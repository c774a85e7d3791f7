/**
 * The stores that the configuration names, as one.
 */
import { redactionRules } from './cassette/cassette-header.ts';
import { CassetteStore } from './cassette/cassette-store.ts';
import type { ExchangeKeyOptions } from './cassette/exchange-key.ts';
import type { Clock } from './clock.ts';
import { type Config, isOffline, retentionOf } from './config/config.ts';
import type { TierReading } from './ledger/metrics.ts';
import type { Log } from './log.ts';
import type { FleetStores } from './fleet/fleet.ts';
import type { GoneNews } from './store/gone.ts';
import { createMemoryStore, type MemoryStore } from './store/memory.ts';
import type { Catalogue, LruInfo } from './store/catalogue.ts';
import { createSqliteStore, type SqliteStore } from './store/sqlite.ts';
import type { SealingOptions } from './store/sealing.ts';
import type { Store, Tier } from './store/store.ts';
import { createTiers } from './store/tiers.ts';
import type { Failure } from './thread/failure.ts';
import type { Thread } from './thread/thread.ts';

export interface Stores extends FleetStores {
  readonly store: Store;
  /** The only store, where the configuration names one; else null. */
  readonly cassette: CassetteStore | null;
  /** The last of the tiers, which knows all that is kept. */
  readonly base: Required<Pick<Tier, 'use' | 'written'>> & Tier & Catalogue;
  /**
   * @param secret that a setting gives: it opens what is sealed, and seals where that is set
   * @returns why the file is not to be used at all, or null
   */
  readonly openFile: (secret: Buffer | null) => Promise<Failure | null>;
  readonly tiers: () => readonly TierReading[];
  readonly isFileUp: () => boolean;
  /** True where lookups find what the file has, or there is none. */
  readonly isFileRead: () => boolean;
  readonly lru: () => LruInfo;
  /** Another process that has the file open threw this away. */
  readonly goneFromFile: (gone: GoneNews) => void;
  /** @param listener called with what is gone from the file so */
  readonly onGone: (listener: (gone: GoneNews) => void) => void;
  readonly memory: Pick<MemoryStore, 'has' | 'held'>;
}

/** Events of the store's file. */
export interface FileEvents {
  readonly onGone: (gone: GoneNews) => void;
  readonly onReplaced: () => void;
}

/**
 * @param memoryBytes the most that answers may take in memory; 0 keeps none there
 * @param thread is to own the file
 * @param given the store below memory, where another process has it
 */
export function createStores(
  config: Config,
  memoryBytes: number,
  log: Log,
  clock: Clock,
  thread: Thread,
  events: FileEvents,
  given?: SqliteStore,
): Stores {
  const { path, bytes, encrypt } = config.store;
  let sealing: SealingOptions | null = null;
  const listeners: ((gone: GoneNews) => void)[] = [events.onGone, (gone) => store.heed(gone, file ?? undefined)];
  const onGone = (gone: GoneNews) => {
    for (const listener of listeners) listener(gone);
  };
  const { onReplaced } = events;
  const options = { maxBytes: bytes, retention: retentionOf(config), clock, log, thread, onGone, onReplaced };
  const file = given ?? (path === null ? null : createSqliteStore({ path, sealing: () => sealing, ...options }));
  const cassette = createCassette(config, log, clock);
  const memory = createMemoryStore({ maxBytes: memoryBytes, holdsParts: file === null });
  const isUsed = memoryBytes > 0 && cassette === null;
  const store = createTiers({
    stores: cassette ? [cassette] : [...(isUsed ? [memory] : []), ...(file ? [file] : [])],
    catalogue: cassette ?? file ?? memory,
    fallback: memory,
    clock,
  });
  return {
    store,
    cassette,
    base: cassette ?? file ?? memory,
    share: (shared) => store.share(shared),
    heed: (gone) => store.heed(gone),
    // Entries of the file are judged.
    heedAll: () => store.heed({ purge: {} }, file ?? undefined),
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
    isFileRead: () => file?.state !== 'down' && file?.state !== 'stalled',
    lru: () => memory.info(),
    goneFromFile: onGone,
    onGone: (listener) => void listeners.push(listener),
    memory,
  };
}

/** Null where the configuration names none. */
function createCassette(config: Config, log: Log, clock: Clock): CassetteStore | null {
  const { cassette: path } = config;
  if (path === null) return null;
  const keyOptions = exchangeKeyOptions(config);
  const redact = redactionRules(config.redact, config.redactPattern);
  return new CassetteStore({ path, isReadOnly: isOffline(config), keyOptions, redact, log, clock });
}

/** The settings that name exchanges. */
export function exchangeKeyOptions({ key, bypass, scope }: Config): ExchangeKeyOptions {
  return { ignore: key.ignore, include: key.include, bypass, scopeHeaders: scope.headers };
}
