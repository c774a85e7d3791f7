/**
 * The log of purges: what one process throws away, all throw away. Each follows
 * the log, drops what it says from its own stores, and judges by it every entry
 * that a slow store has: by the place in the log that was known when the answer
 * was asked for, and by no clock.
 *
 * A purge of this process waits until it has been read in the log:
 *
 *   sending  on its way there
 *   logged   there, and durable, as far as is known; read next
 *   unsent   the hub was out of reach or did not confirm, or lost it before it was read; sent again after the next read
 *
 * Entries that fit one that waits are misses here all the time. So are those
 * whose mark is not of this log as it is now: of another incarnation, older than
 * the log reaches back, ahead of it, or of an end that it lost.
 */
import type { PurgeLog } from '../cache/removals.ts';
import { type Clock, within } from '../clock.ts';
import type { Entry, PurgeMark } from '../response/entry.ts';
import { type GoneNews, isGone } from '../store/gone.ts';
import type { Judgement, PurgeJudge } from '../store/purge-judge.ts';
import type { Hub, LogRecord, SharedLog } from './hub.ts';
import { type LogListener, LogReader, type Restart } from './log-reader.ts';
import { PurgeIndex } from './purge-index.ts';
import { newPurgeName, readPurge, spellPurge } from './purge-record.ts';

export interface PurgeLogOptions {
  readonly hub: Hub;
  readonly clock: Clock;
  /** Has this process throw away what fits, what is on its way included. */
  readonly heed: (gone: GoneNews) => void;
  /** Has it throw away all that it would serve without asking whether that was purged. */
  readonly heedAll: () => void;
  /**
   * True where the log lives no longer than what alone writes to the stores: then entries of other logs are from
   * before, and were purged where they lie.
   */
  readonly isOfOneRun?: boolean;
}

/** A purge of this process that has not been read in the log. */
interface OwnPurge {
  readonly gone: GoneNews;
  state: 'sending' | 'logged' | 'unsent';
}

/** How long a lookup waits for the log to be read on: as long as for an entry. */
const CATCH_UP_MS = 50;

/** How many may wait one by one; beyond it, everything is purged. */
const MOST_WAITING = 1_000;

export class SharedPurgeLog implements PurgeLog, PurgeJudge, LogListener {
  readonly #hub: Hub;
  readonly #log: SharedLog;
  readonly #reader: LogReader;
  readonly #options: PurgeLogOptions;
  readonly #waiting = new Map<string, OwnPurge>();
  #index = new PurgeIndex();
  /** The log as it was known before it lost its end, until it has been read anew. */
  #before: PurgeIndex | null = null;
  /** True while records are read at whose end all is thrown away. */
  #isBacklog = true;
  /** False while the log is read from its first record on. */
  #isWhole = false;
  #first = 1;
  #mark: PurgeMark | undefined;

  constructor(options: PurgeLogOptions) {
    this.#options = options;
    this.#hub = options.hub;
    this.#log = options.hub.log('purges');
    this.#reader = new LogReader(options.hub, 'purges', options.clock, this);
  }

  get mark(): PurgeMark | undefined {
    return this.#mark;
  }

  get isShared(): boolean {
    return this.#waiting.size === 0;
  }

  start(): Promise<void> {
    return this.#reader.start();
  }

  async catchUp(): Promise<void> {
    await within(this.#options.clock, CATCH_UP_MS, this.#reader.catchUp());
  }

  close(): void {
    this.#reader.close();
  }

  append(gone: GoneNews): Promise<boolean> {
    return this.#send(newPurgeName(), gone);
  }

  judge(key: string, entry: Entry): Judgement {
    const [{ purgeMark: mark }, known] = [entry, this.#mark];
    // Purges of others are not to be known while the hub is out of reach.
    if (known === undefined || !this.#isWhole || (!this.#reader.isCurrent && this.#hub.state === 'up'))
      return 'unknown';
    if (this.#options.isOfOneRun && mark?.log !== known.log) return 'kept';
    if (mark === undefined) return 'purged';
    if (mark.log !== known.log || mark.id > known.id) return 'unknown';
    const isHeld = mark.id === 0 ? this.#first === 1 : this.#index.at(mark.id)?.record === mark.record;
    if (!isHeld || this.#index.isGone(mark.id, key, entry)) return 'purged';
    return this.#waiting.values().some(({ gone }) => !('doubt' in gone) && isGone(gone, key, entry))
      ? 'purged'
      : 'kept';
  }

  restarted(why: Restart, incarnation: string): void {
    const isSameLog = why === 'forked' || why === 'trimmed';
    this.#before = isSameLog ? (this.#before ?? this.#index) : null;
    // Of records that were read on the way to an end that never came, none was heeded.
    this.#isBacklog ||= why !== 'forked';
    this.#isWhole = false;
    if (this.#isBacklog) this.#options.heedAll();
    for (const own of this.#waiting.values()) if (own.state === 'logged') own.state = 'unsent';
    this.#index = new PurgeIndex();
    this.#mark = { log: incarnation, id: 0, record: '' };
  }

  read({ id, text }: LogRecord): void {
    const logged = readPurge(text);
    const isOwn = this.#waiting.delete(logged.purge);
    const isHeeded = isOwn || this.#isBacklog || this.#before?.has(logged.purge);
    if (!isHeeded) this.#options.heed(logged.gone);
    this.#index.add({ id, ...logged });
    this.#mark = { log: this.#mark?.log ?? '', id, record: logged.record };
  }

  reachedEnd(first: number): void {
    const before = this.#before;
    this.#before = null;
    // Entries that were stored while they were read may have been purged by one of them, or by one that was not read.
    if (this.#isBacklog || (before && !this.#hasReadOn(before, first))) this.#options.heedAll();
    this.#isBacklog = false;
    this.#isWhole = true;
    this.#first = first;
    this.#index.trim(first);
    const lost = before?.all().filter(({ id, purge }) => id >= first && !this.#index.has(purge)) ?? [];
    for (const { purge, gone } of lost) if (!this.#waiting.has(purge)) void this.#send(purge, gone);
    for (const [purge, { state, gone }] of this.#waiting) if (state === 'unsent') void this.#send(purge, gone);
  }

  /** @returns whether it is there for good */
  async #send(purge: string, gone: GoneNews): Promise<boolean> {
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(purge)) {
      this.#waiting.clear();
      return this.#send(newPurgeName(), { purge: {} });
    }
    const own: OwnPurge = { gone, state: 'sending' };
    this.#waiting.set(purge, own);
    const id = await this.#log.append(spellPurge(purge, gone));
    own.state = id === null ? 'unsent' : 'logged';
    if (id !== null) void this.#readBack(own);
    return id !== null;
  }

  /** Tests whether all was read that came after what was known of a log that forked: else some of it is dropped. */
  #hasReadOn(before: PurgeIndex, first: number): boolean {
    const [oldest] = this.#index.all();
    return (oldest?.id ?? first) === 1 || (oldest !== undefined && before.at(oldest.id)?.record === oldest.record);
  }

  /** A purge that a read begun after its append does not find is lost, unless the hub did not answer. */
  async #readBack(own: OwnPurge): Promise<void> {
    await this.#reader.catchUp();
    if (own.state === 'logged') own.state = 'unsent';
  }
}
