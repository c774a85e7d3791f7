/**
 * The usage ledger of a worker: it counts, and sends its records to the parent,
 * a batch at a time, where they are priced, summed and shown.
 */
import type { Clock } from '../clock.ts';
import { Ledger, type LedgerOptions } from '../ledger/ledger.ts';
import type { CallRecord, UsageRecord } from '../ledger/usage-record.ts';

/** Records as they are sent. */
export interface UsageBatch {
  readonly requests: readonly UsageRecord[];
  readonly calls: readonly CallRecord[];
}

/** How long a record waits for others, and how many wait at most. */
const GATHER_MS = 20;
const MOST = 256;

export class RelayedLedger extends Ledger {
  readonly #clock: Clock;
  readonly #send: (batch: UsageBatch) => void;
  #requests: UsageRecord[] = [];
  #calls: CallRecord[] = [];
  #cancel: (() => void) | null = null;

  constructor(options: LedgerOptions, clock: Clock, send: (batch: UsageBatch) => void) {
    super(options);
    this.#clock = clock;
    this.#send = send;
  }

  override note(record: UsageRecord): void {
    this.count(record.outcome);
    this.#requests.push(record);
    this.#gather();
  }

  override noteCall(record: CallRecord): void {
    this.#calls.push(record);
    this.#gather();
  }

  override async close(): Promise<void> {
    this.flush();
  }

  #gather(): void {
    if (this.#requests.length + this.#calls.length >= MOST) this.flush();
    else this.#cancel ??= this.#clock.after(GATHER_MS, () => this.flush());
  }

  /** Sends what waits. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#requests.length + this.#calls.length === 0) return;
    this.#send({ requests: this.#requests, calls: this.#calls });
    this.#requests = [];
    this.#calls = [];
  }
}
