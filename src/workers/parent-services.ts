/**
 * The calls between the parent and a worker, by service: what each lets the
 * other ask.
 */
import type { Config } from '../config/config.ts';
import type { Shown, WorkerGroupState } from '../workforce.ts';
import type { Renewed } from '../reloading.ts';
import type { Origin } from '../config/origin.ts';
import type { Known } from '../cache/callers-file.ts';
import type { GoneNews } from '../store/gone.ts';
import type { HubService } from './hub-service.ts';
import type { LogName } from '../fleet/hub.ts';
import type { UpstreamNews } from '../upstream/health.ts';
import type { UsageBatch } from './relayed-ledger.ts';
import type { StoreService } from './shared-store.ts';

/** All that a worker is told of what it is to be. */
export interface Welcome extends Shown {
  readonly config: Config;
  readonly origins: readonly Origin[];
  /** Its number, for people, and its name at the hub. */
  readonly number: number;
  readonly node: string;
  readonly secret: Buffer;
  /** How it calls itself in `Via`, as all of them do: a request that comes back to another is one that comes back. */
  readonly pseudonym: string;
  readonly callers: ReadonlyMap<string, Known>;
  /** The name of the parent's store as a tier. */
  readonly storeName: string;
}

/** The parent's. */
export type ParentServices = {
  readonly store: StoreService;
  readonly hub: HubService;
  readonly ledger: { note(batch: UsageBatch): void };
  readonly upstreams: UpstreamNews;
  readonly hints: {
    /** @returns true where none has asked that before: a hint is logged by one of them */
    isFirst(id: string): boolean;
  };
  readonly pool: {
    /** Connections may come. */
    ready(): void;
    /** So many connections are over. */
    left(connections: number): void;
  };
};

/** The worker's. */
export type WorkerServices = {
  readonly hub: {
    deliver(message: Uint8Array): void;
    /** Resolves once it has been heeded. */
    news(log: LogName): unknown;
    left(node: string): void;
  };
  readonly store: {
    /** The file lost this, by another's hand. */
    gone(gone: GoneNews): void;
  };
  readonly life: {
    start(welcome: Welcome): void;
    /** @returns true once it is taken over */
    reload(renewed: Renewed): Promise<boolean>;
    /** Ends all upstream calls. */
    abort(): void;
    /** Ends all connections. */
    cut(): void;
    report(): WorkerGroupState;
    /** Tells of each key whether memory has it. */
    has(keys: readonly string[]): boolean[];
  };
};
