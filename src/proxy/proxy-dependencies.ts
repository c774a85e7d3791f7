/**
 * All that the core needs, whichever adapter brings its requests.
 */
import type { AdmissionControl } from '../cache/admission-control.ts';
import type { Cache } from '../cache/cache.ts';
import type { Callers } from '../cache/callers.ts';
import type { Cassette } from '../cassette/cassette.ts';
import type { Unrecorded } from '../cassette/unrecorded.ts';
import type { Clock } from '../clock.ts';
import type { AccessLog } from '../console/access-log.ts';
import type { Hints } from '../ledger/hints.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../log.ts';
import type { Decoding } from '../request/decoding.ts';
import type { Keyer } from '../request/keyer.ts';
import type { OmissionsByDialect } from '../request/omissions.ts';
import type { Keep } from '../response/complete.ts';
import type { Store } from '../store/store.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { HeadMemo } from './head-memo.ts';

export interface ProxyDependencies {
  readonly cache: Cache;
  readonly admission: AdmissionControl;
  readonly store: Store;
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  readonly hints: Hints;
  readonly clock: Clock;
  readonly log: Log;
  /** Null where no line is written about each request. */
  readonly access: AccessLog | null;
  readonly heads: HeadMemo;
  /** The name of this process in `Via`; null where a request takes no hop to get here. */
  readonly pseudonym: string | null;
  readonly keyer: Keyer;
  readonly callers: Callers;
  readonly decoding: Decoding;
  /** False where a store cannot be read now. */
  readonly isStoreUp: () => boolean;
  /** Tests whether new requests are turned away. */
  readonly isStopping: () => boolean;
  /** Answers that are kept although they end early or say nothing. */
  readonly keep: ReadonlySet<Keep>;
  /** True where what was asked is kept with its answer, unless it shows a credential. */
  readonly keepsPrompts: boolean;
  /** The parts of a request that each dialect leaves out of its key. */
  readonly omissions: OmissionsByDialect;
  /** The rules of a proxy that replays; null of any other. */
  readonly replay: Replay | null;
}

/** A proxy that plays what was recorded: from a cassette, or offline from whatever it keeps. */
export interface Replay {
  readonly cassette: Cassette | null;
  /** True where no upstream is ever asked. */
  readonly isOffline: boolean;
  readonly unrecorded: Unrecorded;
}
