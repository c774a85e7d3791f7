/**
 * The log of callers: whom an upstream refused at one process, all refuse what
 * is kept, until it accepts the credential at one of them again. Only a change
 * is appended, never a request.
 *
 * Records from before it was read are history: a refusal that was the last
 * word still stands, an acceptance may be older than what is known here.
 */
import type { CallerNews } from '../cache/callers.ts';
import type { Clock } from '../clock.ts';
import type { Hub, LogRecord, SharedLog } from './hub.ts';
import { type LogListener, LogReader } from './log-reader.ts';

export interface CallersLogOptions {
  readonly hub: Hub;
  readonly clock: Clock;
  /** Takes over what another process was told. */
  readonly heed: (caller: string, isRefused: boolean) => void;
}

/** The word of an upstream on a caller, as it is logged. */
interface LoggedWord {
  /** The process that was told. */
  readonly node: string;
  readonly caller: string;
  readonly isRefused: boolean;
}

/** A word that is not in the log yet. */
interface OwnWord {
  readonly isRefused: boolean;
  isSending: boolean;
}

const MOST_WAITING = 20_000;

export class CallersLog implements CallerNews, LogListener {
  readonly #options: CallersLogOptions;
  readonly #log: SharedLog;
  readonly #reader: LogReader;
  /** The last word to this process on each caller, until it is logged. */
  readonly #waiting = new Map<string, OwnWord>();
  /** The last word on each caller while history is read; null after. */
  #history: Map<string, boolean> | null = new Map();

  constructor(options: CallersLogOptions) {
    const { hub, clock } = options;
    this.#options = options;
    this.#log = hub.log('callers');
    this.#reader = new LogReader(hub, 'callers', clock, this);
  }

  start(): Promise<void> {
    return this.#reader.start();
  }

  close(): void {
    this.#reader.close();
  }

  append(caller: string, isRefused: boolean): void {
    const word: OwnWord = { isRefused, isSending: false };
    this.#waiting.delete(caller);
    this.#waiting.set(caller, word);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MOST_WAITING) this.#waiting.delete(oldest as string);
    void this.#send(caller, word);
  }

  restarted(): void {
    this.#history = new Map();
  }

  read({ text }: LogRecord): void {
    const word = readWord(text);
    if (word === null) return;
    const { caller, isRefused } = word;
    const isOwn = word.node === this.#options.hub.node;
    // The words of this process since are known here already, and outweigh what was said before.
    if (this.#history && isOwn) this.#history.delete(caller);
    else if (this.#history) this.#history.set(caller, isRefused);
    else if (!isOwn && !this.#waiting.has(caller)) this.#options.heed(caller, isRefused);
  }

  reachedEnd(): void {
    for (const [caller, isRefused] of this.#history ?? []) {
      if (isRefused && !this.#waiting.has(caller)) this.#options.heed(caller, true);
    }
    this.#history = null;
    for (const [caller, word] of this.#waiting) if (!word.isSending) void this.#send(caller, word);
  }

  async #send(caller: string, word: OwnWord): Promise<void> {
    const logged: LoggedWord = { node: this.#options.hub.node, caller, isRefused: word.isRefused };
    word.isSending = true;
    const id = await this.#log.append(JSON.stringify(logged));
    word.isSending = false;
    if (id !== null && this.#waiting.get(caller) === word) this.#waiting.delete(caller);
  }
}

function readWord(text: string): LoggedWord | null {
  try {
    const { node, caller, isRefused } = JSON.parse(text) as Partial<Record<keyof LoggedWord, unknown>>;
    const isSound = typeof node === 'string' && typeof caller === 'string' && typeof isRefused === 'boolean';
    return isSound ? { node, caller, isRefused } : null;
  } catch {
    return null;
  }
}
