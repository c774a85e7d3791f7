/**
 * Trouble with Redis, as people read it: one line of the log for each kind and
 * minute, however many requests meet it.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';

export interface Trouble {
  /** The first word of an error reply (`OOM`, `READONLY`), or the code of a failure. */
  readonly kind: string;
  readonly message: string;
}

export const LOST: Trouble = { kind: 'LOST', message: 'the connection was lost' };

const QUIET_MS = 60_000;
/** Kinds beyond these share a line: a server that speaks garbage could make up any number. */
const MAX_KINDS = 20;

const ADVICE: Readonly<Record<string, string>> = {
  OOM: 'set its maxmemory-policy to volatile-lru, or give it more memory',
  READONLY: 'it is a replica; name the server that leads, its sentinels, or the nodes of its cluster',
  MOVED: 'it is a node of a cluster; name several of its nodes, with commas between',
  NOPERM: 'let its user run every command that is needed on refrain:* (see docs/fleet.md)',
  NOAUTH: 'put a user and a password into the URL',
  WRONGPASS: 'correct the user and the password in the URL',
  MISCONF: 'it cannot write to its disk; see its log',
  BUSY: 'a script of somebody blocks it',
};

/** The advice on a kind of trouble, with what leads to it; nothing for trouble that passes by itself. */
export function adviceOn({ kind }: Trouble): string {
  const advice = ADVICE[kind];
  return advice === undefined ? '' : `: ${advice}`;
}

/** The trouble that an error stands for. */
export function troubleOf(error: unknown): Trouble {
  const { message = '', code } = error as NodeJS.ErrnoException;
  const [word = ''] = message.split(' ', 1);
  return { kind: code ?? (/^[A-Z]{2,20}$/.test(word) ? word : 'ERR'), message: message.slice(0, 200) };
}

export class TroubleLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #saidAt = new Map<string, number>();
  #last: Trouble | null = null;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** The newest trouble; null where there has been none. */
  get last(): Trouble | null {
    return this.#last;
  }

  /** Remembers it, and says nothing: for what is said elsewhere. */
  note(trouble: Trouble): void {
    this.#last = trouble;
  }

  report(trouble: Trouble): void {
    this.#last = trouble;
    const kind = this.#saidAt.size < MAX_KINDS ? trouble.kind : '';
    const now = this.#clock.now();
    if (now - (this.#saidAt.get(kind) ?? -Infinity) < QUIET_MS) return;
    this.#saidAt.set(kind, now);
    const words = `redis refuses what it is asked, which is a miss${adviceOn(trouble)}`;
    this.#log.warn({ code: trouble.kind, reason: trouble.message }, words);
  }
}
