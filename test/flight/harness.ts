/**
 * A cache and all that is handed to it, each in the hands of the test. Many
 * models live in it, one after the other; each must leave it as it found it.
 */
import { Cache } from '../../src/cache/cache.ts';
import { type Limits, AdmissionControl } from '../../src/cache/admission-control.ts';
import type { Log } from '../../src/log.ts';
import { createTestClock } from '../harness/clock.ts';
import { HeldStore } from './held-store.ts';

export interface Setting {
  readonly onAbandon: 'abort' | 'finish';
  readonly maxEntryBytes: number;
  readonly limits: Limits;
}

/** How long a call may be silent, in seconds, before another may start. */
export const TAKEOVER_AFTER = 20;

/** In seconds; of requests that do not say their own. */
export const TTL = 60;

export const BOUNDLESS: Limits = { flights: Infinity, listeners: Infinity, bytes: Infinity };

export class Harness {
  readonly setting: Setting;
  readonly clock = createTestClock();
  readonly store = new HeldStore();
  readonly admission: CountedAdmissionControl;
  readonly cache: Cache;
  /** The number of calls that were charged to no request. */
  detached = 0;
  /** Called with the key and the reason of an answer that was not kept. */
  onUnkept: (key: string, why: string) => void = () => {};
  /** Called before headers are chosen; may throw. */
  onHeaders: () => void = () => {};

  constructor(setting: Setting) {
    this.setting = setting;
    this.admission = new CountedAdmissionControl(setting.limits, this.clock);
    this.cache = new Cache({
      store: this.store,
      clock: this.clock,
      admission: this.admission,
      log: this.#log(),
      maxEntryBytes: setting.maxEntryBytes,
      onAbandon: setting.onAbandon,
      takeoverAfter: TAKEOVER_AFTER,
      retention: 0,
      onDetachedCall: () => void this.detached++,
      keptHeaders: (headers) => {
        this.onHeaders();
        return headers;
      },
    });
  }

  /** The parts still in use, in words; none when all is as it was at first. */
  remains(): string[] {
    const { cache, admission, clock, store } = this;
    const counts = {
      'flights in the table': cache.flights,
      'keys in the air': cache.keysInTheAir().length,
      'calls counted': admission.flights,
      'listeners counted': admission.listeners,
      'bytes counted': admission.held,
      'timers set': clock.waiting,
      'lookups unsettled': store.lookups.size,
    };
    return Object.entries(counts)
      .filter(([, count]) => count !== 0)
      .map(([what, count]) => `${what}: ${count}`);
  }

  #log(): Log {
    const debug = ({ key, why }: { key: string; why: string }) => this.onUnkept(key, why);
    return { debug, warn: () => {}, error: () => {} } as unknown as Log;
  }
}

class CountedAdmissionControl extends AdmissionControl {
  /** In bytes. */
  held = 0;

  override countBytes(change: number): void {
    this.held += change;
    super.countBytes(change);
  }
}
