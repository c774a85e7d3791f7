/**
 * The following of an answer that another node leads, over the hub.
 *
 *   joining    the leader has been asked
 *   following  its answer comes in, each piece with its offset
 *   over       all of it is here, or it is lost, or nobody wants it any more
 *
 * A gap shows by the next offset, that of a beat at the latest: the follower joins
 * again from where it is. A leader that is not there, or silent for 3 s, is lost.
 */
import type { Follower, Following, Loss } from '../cache/lease.ts';
import type { Clock } from '../clock.ts';
import { type ErrorCode, RefrainError } from '../errors.ts';
import type { PurgeMark } from '../response/entry.ts';
import { SILENCE_MS, WINDOW } from './followed.ts';
import type { Hub } from './hub.ts';
import { type Broken, encodeMessage, type Piece, type Received, type ToFollower, type ToLeader } from './messages.ts';

export interface FollowingPlan {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly follower: Follower;
  /** The node that leads. */
  readonly leader: string;
  /** Of its lease. */
  readonly token: string;
  readonly position: PurgeMark | null;
  /** Names it among all of this node. */
  readonly session: number;
  readonly onOver: () => void;
}

export class RemoteFollowing implements Following {
  readonly #plan: FollowingPlan;
  #attempt = 0;
  #isOver = false;
  #hasBegun = false;
  /** How many bytes have come. */
  #offset = 0;
  /** The offset that the leader knows of. */
  #told = 0;
  #isPaused = false;
  #isToJoin = false;
  #heardAt: number;

  constructor(plan: FollowingPlan) {
    this.#plan = plan;
    this.#heardAt = plan.clock.now();
  }

  /** From the offset that is reached; before anything has come, from the beginning. */
  join(): void {
    this.#attempt++;
    this.#told = this.#offset;
    this.#isToJoin = false;
    void this.#send({ kind: 'join', offset: this.#offset, position: this.#plan.position });
  }

  resume(): void {
    if (this.#isOver) return;
    this.#isPaused = false;
    this.#want();
  }

  leave(): void {
    if (this.#isOver) return;
    void this.#send({ kind: 'leave' });
    this.#isOver = true;
    this.#plan.onOver();
  }

  /** The state of the hub has changed. */
  stateChanged(): void {
    if (this.#plan.hub.state === 'up') this.join();
    else if (this.#offset === 0) this.#lose('down');
  }

  /** A node is gone for good. */
  left(node: string): void {
    if (node === this.#plan.leader) this.#lose('gone');
  }

  /** Gives up a leader that is silent for too long. */
  watch(): void {
    if (this.#plan.clock.now() - this.#heardAt >= SILENCE_MS) this.#lose('gone');
    else if (this.#isToJoin) this.join();
  }

  beat(): void {
    this.#want();
  }

  /** @param received in this session */
  hear({ message, bytes }: Received): void {
    const heard = message as ToFollower;
    if (heard.attempt !== this.#attempt) return;
    this.#heardAt = this.#plan.clock.now();
    if (heard.kind === 'refused') return this.#lose(heard.why);
    if (heard.kind === 'begin') return this.#begin(heard);
    if (!this.#hasBegun && heard.kind === 'beat' && heard.offset === 0) return;
    const isFailure = heard.kind === 'broken' && heard.offset === this.#offset;
    if ((!this.#hasBegun && !isFailure) || heard.offset > this.#offset) return this.join();
    if (heard.kind === 'piece') this.#append(heard, bytes);
    else if (heard.kind === 'end') this.#land(heard);
    else if (heard.kind === 'broken') this.#fail(heard);
  }

  #begin({ head, length, terms }: Extract<ToFollower, { kind: 'begin' }>): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#plan.follower.begin(head, length, terms);
  }

  #append({ offset, isCommitted }: Piece, bytes: Buffer): void {
    const rest = bytes.subarray(this.#offset - offset);
    if (rest.length === 0) return;
    this.#offset += rest.length;
    this.#isPaused = !this.#plan.follower.append(rest, isCommitted);
    // Its last reader may have left meanwhile.
    if (!this.#isOver && this.#offset - this.#told >= WINDOW / 2) this.#want();
  }

  #land({ call, unkept }: Extract<ToFollower, { kind: 'end' }>): void {
    this.leave();
    this.#plan.follower.landed(call, unkept);
  }

  #fail({ code, status, message, alreadySent }: Broken): void {
    this.leave();
    this.#plan.follower.failed({ error: new RefrainError(code as ErrorCode, status, message), alreadySent });
  }

  #lose(why: Loss): void {
    this.leave();
    this.#plan.follower.lost(why);
  }

  /** Tells the leader how far it has come; nothing new where no more is wanted now. */
  #want(): void {
    if (!this.#isPaused) this.#told = this.#offset;
    void this.#send({ kind: 'want', offset: this.#told });
  }

  async #send(message: Unaddressed<ToLeader>): Promise<void> {
    const { hub, leader, token, session } = this.#plan;
    const attempt = this.#attempt;
    const named = { ...message, session, attempt, node: hub.node, token } as ToLeader;
    const isHeard = await hub.send(leader, encodeMessage(named));
    if (this.#isOver || this.#attempt !== attempt) return;
    if (isHeard === false) this.#notHeard('gone');
    else if (isHeard === null && message.kind === 'join') this.#notHeard('down');
  }

  /** The leader is gone, or does not hear yet after the hub was: then what has begun may go on. */
  #notHeard(why: Loss): void {
    if (this.#offset === 0) this.#lose(why);
    else this.#isToJoin = true;
  }
}

/** A message without the names of its session. */
type Unaddressed<M> = M extends unknown ? Omit<M, 'session' | 'attempt' | 'node' | 'token'> : never;
