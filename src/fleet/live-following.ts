/**
 * Answers on their way between nodes: those of this node that others follow, and
 * those of others that are followed here. Takes each message to its session.
 */
import type { AdmissionControl } from '../cache/admission-control.ts';
import type { Flight } from '../cache/flight.ts';
import type { RemoteLeader } from '../cache/lease.ts';
import type { PurgeLog } from '../cache/removals.ts';
import type { Clock } from '../clock.ts';
import type { PurgeMark } from '../response/entry.ts';
import { Followed } from './followed.ts';
import { RemoteFollowing } from './following.ts';
import type { Hub } from './hub.ts';
import { decodeMessage, encodeMessage, type Join, type Leave, type Received, type Want } from './messages.ts';

export interface LiveParts {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly admission: AdmissionControl;
  /** How far the log of purges has been read. */
  readonly purges: Pick<PurgeLog, 'mark' | 'isShared'>;
  /** The flight that leads under the lease with this token; null where none does. */
  readonly flightOf: (token: string) => Flight | null;
  /** Called where beats are needed. */
  readonly onBusy: () => void;
}

export class LiveFollowing {
  readonly #parts: LiveParts;
  /** By session. */
  readonly #following = new Map<number, RemoteFollowing>();
  /** By token, and by session and node: each is there once, whichever of its joins arrived. */
  readonly #followed = new Map<string, Map<string, Followed>>();
  #onUnfollowed: (() => void)[] = [];
  #sessions = 0;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    parts.hub.listen((message) => this.#hear(decodeMessage(message)));
    parts.hub.onState((state) => {
      for (const following of [...this.#following.values()]) following.stateChanged();
      if (state === 'up') for (const followed of this.#allFollowed()) followed.resumed();
    });
    parts.hub.onLeft?.((node) => {
      for (const following of [...this.#following.values()]) following.left(node);
      for (const followed of this.#allFollowed()) if (followed.node === node) followed.close();
    });
  }

  /** How many answers of other nodes are followed here. */
  get following(): number {
    return this.#following.size;
  }

  /** How many other nodes follow answers of this one, each counted for each answer. */
  get followed(): number {
    return this.#allFollowed().length;
  }

  get isBusy(): boolean {
    return this.#following.size + this.#followed.size > 0;
  }

  /** Resolves once no other node follows an answer of this one. */
  async unfollowed(): Promise<void> {
    while (this.#followed.size > 0) await new Promise<void>((resolve) => this.#onUnfollowed.push(resolve));
  }

  leader(node: string, token: string): RemoteLeader {
    const { hub, clock, purges, onBusy } = this.#parts;
    return {
      token,
      follow: (follower) => {
        const session = ++this.#sessions;
        const following = new RemoteFollowing({
          hub,
          clock,
          follower,
          leader: node,
          token,
          position: purges.mark ?? null,
          session,
          onOver: () => void this.#following.delete(session),
        });
        this.#following.set(session, following);
        following.join();
        onBusy();
        return following;
      },
    };
  }

  /** A lease is given back: who follows a flight that has nothing to say is to ask anew. */
  released(token: string): void {
    for (const followed of this.#followed.get(token)?.values() ?? []) {
      // Later, since an answer that is no answer gives it back before its head is shown.
      queueMicrotask(() => followed.releaseIfWaiting());
    }
  }

  watch(): void {
    for (const session of [...this.#following.values(), ...this.#allFollowed()]) session.watch();
  }

  beat(): void {
    for (const session of [...this.#following.values(), ...this.#allFollowed()]) session.beat();
  }

  #hear(received: Received | null): void {
    if (received === null) return;
    const { message } = received;
    if (message.kind === 'join') this.#join(message);
    else if (message.kind === 'want') this.#sessionOf(message)?.wanted(message.offset);
    else if (message.kind === 'leave') this.#sessionOf(message)?.close();
    else this.#following.get(message.session)?.hear(received);
  }

  #sessionOf(message: Want | Leave | Join): Followed | undefined {
    return this.#followed.get(message.token)?.get(nameOf(message));
  }

  #join(join: Join): void {
    const { hub, clock, onBusy } = this.#parts;
    const { token, node, session, attempt } = join;
    const before = this.#sessionOf(join);
    if (before && before.attempt >= attempt) return;
    const flight = before?.flight ?? this.#joinable(join);
    const followed = flight && this.#open(() => new Followed(hub, clock, flight, join, () => this.#forget(join)));
    if (followed) {
      const others = this.#followed.get(token) ?? new Map<string, Followed>();
      this.#followed.set(token, others.set(nameOf(join), followed));
    }
    // Only now, so that the answer is never without a reader.
    before?.close();
    if (!followed) return void hub.send(node, encodeMessage({ kind: 'refused', session, attempt, why: 'elsewhere' }));
    onBusy();
    followed.start();
  }

  #joinable({ token, position }: Join): Flight | null {
    const { flightOf, purges } = this.#parts;
    if (position !== null && !hasRead(purges.mark, position)) return null;
    const flight = flightOf(token);
    return flight?.isJoinable ? flight : null;
  }

  /** Null where there is too much to do, or the beginning is gone. */
  #open(open: () => Followed): Followed | null {
    try {
      this.#parts.admission.admitReader();
      return open();
    } catch {
      return null;
    }
  }

  #forget(join: Join): void {
    const others = this.#followed.get(join.token);
    if (others?.get(nameOf(join))?.attempt !== join.attempt) return;
    others.delete(nameOf(join));
    if (others.size === 0) this.#followed.delete(join.token);
    if (this.#followed.size > 0) return;
    for (const resolve of this.#onUnfollowed.splice(0)) resolve();
  }

  #allFollowed(): Followed[] {
    return [...this.#followed.values()].flatMap((sessions) => [...sessions.values()]);
  }
}

function nameOf({ node, session }: Want | Leave | Join): string {
  return `${session} ${node}`;
}

/** Tests whether all purges up to a position are heeded. @param mark the last that has been */
function hasRead(mark: PurgeMark | undefined, position: PurgeMark): boolean {
  return mark?.log === position.log && mark.id >= position.id;
}
