/**
 * The hub of workers, in their parent: leases, messages, logs and boards in its
 * memory. It sees at once when a worker dies, whose leases end with it.
 */
import { type Clock, within } from '../clock.ts';
import type { Claim, Claimed, Hub, Lease, LogName } from '../fleet/hub.ts';
import { ParentLog } from './parent-log.ts';

/** A process at the hub. */
export interface HubMember {
  /** Resolves once the message is on its way, with whether it is. */
  deliver(message: Uint8Array): Promise<boolean>;
  /** Resolves once it has read the log. */
  news(log: LogName): Promise<void>;
  /** Another member has left, and will not come back. */
  left(node: string): void;
}

export type BoardName = Parameters<Hub['board']>[0];

interface HeldLease {
  readonly node: string;
  readonly token: string;
  readonly until: number;
}

/** How many records each log holds at least. */
const LOGGED: Readonly<Record<LogName, number>> = { purges: 10_000, callers: 20_000, replaced: 1_000 };

/** How long a record that was appended waits for all nodes to read it. */
const HEED_MS = 1_000;

/** How many leases there are before those that have ended are looked for. */
const SWEPT_FROM = 10_000;

export class ParentHub {
  readonly #clock: Clock;
  readonly #members = new Map<string, HubMember>();
  readonly #leases = new Map<string, HeldLease>();
  readonly #logs: Readonly<Record<LogName, ParentLog>>;
  readonly #boards: Readonly<Record<BoardName, Map<string, string>>> = { books: new Map(), facts: new Map() };
  #sweepAt = SWEPT_FROM;
  /**
   * `storedAt` of the entry under a key, as far as it was stored lately: an older one is found by the lookup that goes
   * with each claim.
   */
  storedAt: (key: string) => Promise<number | undefined> | undefined = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    const logNamed = (name: LogName) => new ParentLog(LOGGED[name], () => this.#tellNews(name));
    this.#logs = { purges: logNamed('purges'), callers: logNamed('callers'), replaced: logNamed('replaced') };
  }

  join(node: string, member: HubMember): void {
    this.#members.set(node, member);
  }

  /** Ends its leases, then tells the others that it is gone. */
  leave(node: string): void {
    if (!this.#members.delete(node)) return;
    for (const [key, lease] of this.#leases) if (lease.node === node) this.#leases.delete(key);
    for (const member of this.#members.values()) member.left(node);
  }

  async claim(node: string, { key, token, ms, seen, takesOver }: Claim): Promise<Claimed> {
    if (takesOver !== true) {
      const storedAt = await this.storedAt(key);
      if (storedAt !== undefined && storedAt !== seen) return { kind: 'stored', storedAt };
      const held = this.holder(key);
      if (held && held.token !== takesOver) return { kind: 'held', node: held.node, token: held.token };
    }
    // It may have died while the store was asked.
    if (this.#members.has(node)) this.#leases.set(key, { node, token, until: this.#clock.now() + ms });
    if (this.#leases.size >= this.#sweepAt) this.#sweep();
    return { kind: 'granted' };
  }

  /** The lease of a key that holds now. */
  holder(key: string): HeldLease | undefined {
    const held = this.#leases.get(key);
    return held && held.until > this.#clock.now() ? held : undefined;
  }

  renew({ key, token }: Lease, ms: number): boolean {
    const held = this.holder(key);
    if (held?.token !== token) return false;
    this.#leases.set(key, { ...held, until: this.#clock.now() + ms });
    return true;
  }

  release({ key, token }: Lease): boolean {
    return this.holder(key)?.token === token && this.#leases.delete(key);
  }

  async send(node: string, message: Uint8Array): Promise<boolean> {
    return (await this.#members.get(node)?.deliver(message)) ?? false;
  }

  /** Resolves once all have read the log up to here; one that is too busy for that is not waited for. */
  async #tellNews(name: LogName): Promise<void> {
    const reading = Promise.all(Array.from(this.#members.values(), (member) => member.news(name)));
    await within(this.#clock, HEED_MS, reading);
  }

  log(name: LogName): ParentLog {
    return this.#logs[name];
  }

  board(name: BoardName): Map<string, string> {
    return this.#boards[name];
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, { until }] of this.#leases) if (until <= now) this.#leases.delete(key);
    this.#sweepAt = Math.max(SWEPT_FROM, 2 * this.#leases.size);
  }
}
