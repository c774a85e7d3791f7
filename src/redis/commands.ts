/**
 * Commands on their way to a server, and what comes of each: a reply in time,
 * or undefined. None throws, none rejects, and none waits for a server that is
 * known to be out of reach.
 */
import type { Command as IoCommand } from 'ioredis';
import type { Clock } from '../clock.ts';
import type { Breaker } from './breaker.ts';
import type { Script } from './script.ts';
import { type Trouble, type TroubleLog, troubleOf } from './trouble.ts';

export type RedisReply = null | number | Buffer | readonly RedisReply[];
export type Argument = string | number | Buffer;

/** A server that may be asked, or all servers of a cluster as one. */
export interface RedisNode {
  /**
   * @param ms how long the reply may take
   * @returns undefined where it could not be asked, did not reply in time, or refused; it may have done it all the same
   */
  ask(name: string, args: readonly Argument[], ms?: number): Promise<RedisReply | undefined>;
  run(script: Script, keys: readonly string[], args: readonly Argument[], ms?: number): Promise<RedisReply | undefined>;
  /** The same, and `REFUSED` where the server replied with an error: it did nothing. */
  attempt(script: Script, keys: readonly string[], args: readonly Argument[], ms: number): Promise<Exchanged>;
}

export const REFUSED = Symbol();
export type Exchanged = RedisReply | undefined | typeof REFUSED;

/** How long a lookup may take; past it, asking the upstream is the better bet. */
export const LOOKUP_MS = 50;
/** How many commands may wait for their replies: a server that is paused is found to be so by the first three. */
const MAX_IN_FLIGHT = 10_000;

export interface CommandsOptions {
  readonly clock: Clock;
  readonly trouble: TroubleLog;
  readonly send: (command: IoCommand) => Promise<unknown>;
  readonly create: (name: string, args: Argument[]) => IoCommand;
  /** The breakers before a command; it is not sent where one of them is open. The last one is the server's own. */
  /** The trouble by which a connection was lost. */
  readonly lostBy: () => Trouble;
  readonly breakersOf: (command: IoCommand) => readonly Breaker[];
}

export class Commands implements RedisNode {
  readonly #options: CommandsOptions;
  #inFlight = 0;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  async ask(name: string, args: readonly Argument[], ms = LOOKUP_MS): Promise<RedisReply | undefined> {
    const outcome = await this.#exchange(name, args, ms);
    return outcome === REFUSED ? undefined : outcome;
  }

  async run(script: Script, keys: readonly string[], args: readonly Argument[], ms = LOOKUP_MS) {
    const outcome = await this.attempt(script, keys, args, ms);
    return outcome === REFUSED ? undefined : outcome;
  }

  async attempt(script: Script, keys: readonly string[], args: readonly Argument[], ms: number): Promise<Exchanged> {
    const rest = [keys.length, ...keys, ...args];
    let isKnown = true;
    const outcome = await this.#exchange('evalsha', [script.digest, ...rest], ms, () => {
      isKnown = false;
    });
    return isKnown ? outcome : this.#exchange('eval', [script.text, ...rest], ms);
  }

  /** @param onUnknown is called where the server does not know the script */
  #exchange(name: string, args: readonly Argument[], ms: number, onUnknown?: () => void): Promise<Exchanged> {
    const command = this.#options.create(name, [...args]);
    const breakers = this.#options.breakersOf(command);
    const breaker = breakers.at(-1);
    if (breaker === undefined || !breakers.every(({ isUp }) => isUp) || this.#inFlight >= MAX_IN_FLIGHT) {
      return Promise.resolve(undefined);
    }
    return this.#settled(command, breaker, ms, onUnknown);
  }

  #settled(command: IoCommand, breaker: Breaker, ms: number, onUnknown?: () => void): Promise<Exchanged> {
    const { clock, trouble, send } = this.#options;
    const { pulse } = breaker;
    return new Promise((resolve) => {
      let isLate = false;
      // The reply may have come while this process did something else: it is read before the command is given up.
      const cancel = clock.after(ms, () => setImmediate(giveUp));
      const giveUp = () => {
        if (isSettled) return;
        isLate = true;
        breaker.timedOut({ kind: 'TIMEOUT', message: `no reply within ${ms} ms` }, pulse);
        resolve(undefined);
      };
      let isSettled = false;
      const settle = () => {
        isSettled = true;
        this.#inFlight -= 1;
        cancel();
      };
      this.#inFlight += 1;
      send(command).then(
        (reply) => {
          settle();
          if (isLate) return;
          breaker.replied();
          resolve(reply as RedisReply);
        },
        (error: Error) => {
          settle();
          if (isLate) return;
          if (error.name !== 'ReplyError') {
            breaker.lost(this.#options.lostBy());
            return resolve(undefined);
          }
          breaker.replied();
          const reason = troubleOf(error);
          if (reason.kind === 'NOSCRIPT' && onUnknown) onUnknown();
          else trouble.report(reason);
          resolve(REFUSED);
        },
      );
    });
  }
}
