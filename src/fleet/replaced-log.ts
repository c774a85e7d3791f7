/**
 * The log of replaced entries: where a refresh has stored a newer answer, the
 * other processes drop the older one from what is theirs alone. It is only a
 * courtesy: who misses a record goes on with an answer that is still fresh.
 */
import type { ReplacedKeys } from '../cache/removals.ts';
import type { Clock } from '../clock.ts';
import type { Hub, LogRecord, SharedLog } from './hub.ts';
import { type LogListener, LogReader } from './log-reader.ts';

export interface ReplacedLogOptions {
  readonly hub: Hub;
  readonly clock: Clock;
  /** Drops what is under a key from the stores of this process. */
  readonly drop: (key: string) => void;
}

interface LoggedKeys {
  /** The process that has stored the newer ones. */
  readonly node: string;
  readonly keys: readonly string[];
}

/** How long keys gather: longer than the newer answers take to be stored. */
const GATHER_MS = 250;
const MOST_KEYS = 1_000;

export class ReplacedLog implements ReplacedKeys, LogListener {
  readonly #options: ReplacedLogOptions;
  readonly #log: SharedLog;
  readonly #reader: LogReader;
  readonly #gathered = new Set<string>();
  #cancelGathering: (() => void) | null = null;
  /** True while records are read that were there before. */
  #isHistory = true;

  constructor(options: ReplacedLogOptions) {
    const { hub, clock } = options;
    this.#options = options;
    this.#log = hub.log('replaced');
    this.#reader = new LogReader(hub, 'replaced', clock, this);
  }

  start(): Promise<void> {
    return this.#reader.start();
  }

  close(): void {
    this.#reader.close();
    this.#cancelGathering?.();
  }

  append(key: string): void {
    if (this.#gathered.size < MOST_KEYS) this.#gathered.add(key);
    this.#cancelGathering ??= this.#options.clock.after(GATHER_MS, () => this.#send());
  }

  restarted(): void {
    this.#isHistory = true;
  }

  read({ text }: LogRecord): void {
    const { node, keys } = readKeys(text);
    if (this.#isHistory || node === this.#options.hub.node) return;
    for (const key of keys) this.#options.drop(key);
  }

  reachedEnd(): void {
    this.#isHistory = false;
  }

  #send(): void {
    this.#cancelGathering = null;
    const logged: LoggedKeys = { node: this.#options.hub.node, keys: [...this.#gathered] };
    this.#gathered.clear();
    void this.#log.append(JSON.stringify(logged));
  }
}

function readKeys(text: string): LoggedKeys {
  try {
    const { node, keys } = JSON.parse(text) as Partial<Record<keyof LoggedKeys, unknown>>;
    const isSound = typeof node === 'string' && Array.isArray(keys);
    return isSound ? { node, keys: keys.filter((key) => typeof key === 'string') } : NONE;
  } catch {
    return NONE;
  }
}

const NONE: LoggedKeys = { node: '', keys: [] };
