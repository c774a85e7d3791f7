/**
 * The last word of upstreams on each credential. One that was refused (401, 403)
 * must not go on living on kept answers: nothing kept is served to its caller
 * until the upstream accepts it again. One whose acceptance is old is asked
 * about again, by a single request of its caller's; the others have their hits
 * meanwhile, and whatever but a refusal comes of it, all go on having them.
 *
 *   unknown    an acceptance that is infinitely old
 *   accepted   hits, for as long as the acceptance is young
 *   checking   one request is on its way; the others have hits
 *   refused    nothing kept
 */
import { type Clock, CLOCK_SKEW_MS } from '../clock.ts';
import { type CallersFile, type Known, REMEMBERED } from './callers-file.ts';

export interface CallersOptions {
  /** After how long, in seconds, a credential is asked about again; 0 is always, null never. */
  readonly recheck: number | null;
  /** Null where nothing outlives the process. */
  readonly file: Pick<CallersFile, 'read' | 'changed' | 'close'> | null;
  readonly clock: Clock;
}

/** The other processes of a fleet, which go by the same word. */
export interface CallerNews {
  append(caller: string, isRefused: boolean): void;
}

/** The standing of a caller, by which its requests are answered. */
export type Standing = 'accepted' | 'to-check' | 'refused';

interface CallerState extends Known {
  /** Before this time it is not asked about again; milliseconds since the epoch. */
  checkAt: number;
  /** When the file had its acceptance last. */
  savedAt: number;
  /** True where the last answer was 402. */
  isToPay: boolean;
}

/** A caller on whom there is no word yet. */
const UNKNOWN: Readonly<CallerState> = {
  acceptedAt: -Infinity,
  refusedAt: null,
  checkAt: -Infinity,
  savedAt: -Infinity,
  isToPay: false,
};

/** How long a check that came to nothing is not repeated, and one that is on its way may take before another starts. */
const RETRY_MS = 60_000;
const CHECKING_MS = 600_000;

/** How old the file's acceptances may get: it is written for one credential at most this often. */
const SAVED_MS = 300_000;

/** Tests whether an upstream that answers so refuses its caller. */
export function isRefused(status: number): boolean {
  return status === 401 || status === 403;
}

/** Tests whether an upstream that answers so to a cached endpoint accepts its caller. */
export function isAccepted(status: number): boolean {
  return status >= 200 && status < 300;
}

export class Callers {
  readonly #options: CallersOptions;
  readonly #recheckMs: number;
  readonly #callers = new Map<string, CallerState>();
  #news: CallerNews | null = null;

  constructor(options: CallersOptions) {
    this.#options = options;
    this.#recheckMs = (options.recheck ?? Infinity) * 1000;
  }

  /** Has other processes told what is news. Legal before the first request. */
  join(news: CallerNews): void {
    this.#news = news;
  }

  /**
   * Reads what is kept of them.
   * @throws ConfigError where others can read it, and cannot be kept from it
   */
  open(): void {
    const { clock, file } = this.#options;
    const now = clock.now();
    for (const [name, known] of file?.read() ?? []) {
      const acceptedAt = known.acceptedAt > now + CLOCK_SKEW_MS ? -Infinity : known.acceptedAt;
      this.#put(name, {
        ...known,
        acceptedAt,
        checkAt: acceptedAt + this.#recheckMs,
        savedAt: known.acceptedAt,
        isToPay: false,
      });
    }
  }

  /** @param caller names a credential at one upstream @param hasCredential whether there is one */
  standing(caller: string, hasCredential: boolean, now = this.#options.clock.now()): Standing {
    const known = this.#callers.get(caller);
    if (known?.refusedAt) return 'refused';
    if (!hasCredential || this.#recheckMs === Infinity) return 'accepted';
    return known !== undefined && now < known.checkAt ? 'accepted' : 'to-check';
  }

  /** Tests whether the last word of an upstream accepts a caller. */
  isAccepted(caller: string): boolean {
    const known = this.#callers.get(caller);
    return known !== undefined && known.refusedAt === null && known.acceptedAt > -Infinity;
  }

  /**
   * Tests whether a caller may have what is stale: not one whom the upstream refused last, or asked to pay (402), which
   * says nothing against what is fresh.
   */
  mayHaveStale(caller: string): boolean {
    const known = this.#callers.get(caller);
    return known === undefined || (known.refusedAt === null && !known.isToPay);
  }

  /** A request goes up to see whether its caller is still accepted. */
  checking(caller: string): void {
    const checkAt = this.#options.clock.now() + CHECKING_MS;
    const known = this.#callers.get(caller);
    if (known) known.checkAt = checkAt;
    else this.#put(caller, { ...UNKNOWN, checkAt });
  }

  /** That request is over, whatever came of it. */
  checked(caller: string): void {
    const known = this.#callers.get(caller);
    if (!known || known.refusedAt) return;
    const retryAt = this.#options.clock.now() + Math.min(RETRY_MS, this.#recheckMs);
    known.checkAt = Math.max(known.acceptedAt + this.#recheckMs, Math.min(known.checkAt, retryAt));
  }

  /**
   * Takes note of what an upstream answered to this caller.
   * @param isCached whether to a request to a cached endpoint: another may be public, as a list of models is at
   * many gateways, and what it answers accepts nobody
   */
  note(caller: string, status: number, isCached: boolean): void {
    const isRefusal = isRefused(status);
    if (status === 402) return this.#noteToPay(caller);
    if (!isRefusal && !(isCached && isAccepted(status))) return;
    if (this.heed(caller, isRefusal)) this.#news?.append(caller, isRefusal);
  }

  /**
   * Takes over the word of an upstream, to this process or to another.
   * @returns whether it refuses one who was not refused before, accepts one who was, or spares others a check
   */
  heed(caller: string, isRefusal: boolean): boolean {
    const now = this.#options.clock.now();
    const known = this.#callers.get(caller) ?? { ...UNKNOWN };
    const isTurn = isRefusal === (known.refusedAt === null);
    const isCheck = !isRefusal && now - known.acceptedAt >= Math.max(this.#recheckMs, SAVED_MS);
    const isNews = isTurn || (!isRefusal && now - known.savedAt >= SAVED_MS);
    if (isRefusal) known.refusedAt = now;
    else {
      known.isToPay = false;
      known.acceptedAt = now;
      known.refusedAt = null;
      known.checkAt = now + this.#recheckMs;
    }
    if (!isNews) return false;
    known.savedAt = now;
    this.#put(caller, known);
    this.#options.file?.changed(this.#callers);
    return isTurn || (isCheck && this.#recheckMs !== Infinity);
  }

  /** All on whom there is word, for a process that starts beside this one. */
  known(): ReadonlyMap<string, Known> {
    return new Map(Array.from(this.#callers, ([name, { acceptedAt, refusedAt }]) => [name, { acceptedAt, refusedAt }]));
  }

  #noteToPay(caller: string): void {
    const known = this.#callers.get(caller);
    if (known) known.isToPay = true;
    else this.#put(caller, { ...UNKNOWN, isToPay: true });
  }

  /** Writes what is not yet written. */
  async close(): Promise<void> {
    await this.#options.file?.close(this.#callers);
  }

  /** As the one with the latest word; the one whose word is the oldest is forgotten first. */
  #put(name: string, caller: CallerState): void {
    this.#callers.delete(name);
    this.#callers.set(name, caller);
    if (this.#callers.size <= REMEMBERED) return;
    const [oldest] = this.#callers.keys();
    this.#callers.delete(oldest as string);
  }
}
