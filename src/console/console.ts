/**
 * All that a program writes on standard error: its log, a line for each
 * request, and what it says when it is ready and when it ends. As lines of JSON,
 * or, on a terminal, for people.
 */
import type { Config } from '../config/config.ts';
import type { TierReading } from '../ledger/metrics.ts';
import type { Log } from '../log.ts';
import type { AccessLog } from './access-log.ts';
import type { RunTotals } from '../ledger/run-totals.ts';

/** A proxy that is ready. */
export interface ReadyProxy {
  readonly config: Config;
  readonly addresses: { readonly api: string; readonly admin: string };
  readonly tiers: readonly TierReading[];
}

export interface Console {
  readonly log: Log;
  readonly access: AccessLog;
  /** Once both listeners accept. */
  ready(proxy: ReadyProxy): void;
  /** The last line, once all others are written. */
  stopped(run: RunTotals, counts: object): Promise<void>;
  /** Resolves once all lines are written, or nobody reads them. */
  close(): Promise<void>;
}
