/**
 * All that the API door needs.
 */
import type { Cache } from '../cache/cache.ts';
import type { Callers } from '../cache/callers.ts';
import type { Clock } from '../clock.ts';
import type { Hints } from '../ledger/hints.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../log.ts';
import type { Decoding } from '../request/content-coding.ts';
import type { Keyer } from '../request/keyer.ts';
import type { OmissionsByDialect } from '../request/omissions.ts';
import type { Keep } from '../response/complete.ts';
import type { Store } from '../store/store.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Bodies } from './body.ts';
import type { HeadMemo } from './head-memo.ts';
import type { Heartbeat } from './serve.ts';

export interface ApiDependencies {
  readonly cache: Cache;
  readonly store: Store;
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  readonly hints: Hints;
  readonly clock: Clock;
  readonly log: Log;
  readonly heads: HeadMemo;
  /** How this process calls itself in `Via`. */
  readonly pseudonym: string;
  readonly keyer: Keyer;
  readonly callers: Callers;
  readonly bodies: Bodies;
  readonly decoding: Decoding;
  /** Null where silent streams stay silent. */
  readonly heartbeat: Heartbeat | null;
  /** Tests whether new requests are turned away. */
  readonly isStopping: () => boolean;
  /** Which answers are kept that end early or say nothing. */
  readonly keep: ReadonlySet<Keep>;
  /** True where what was asked is kept with its answer, unless it shows a credential. */
  readonly keepsPrompts: boolean;
  /** The parts of a request that each dialect leaves out of its key. */
  readonly omissions: OmissionsByDialect;
}
