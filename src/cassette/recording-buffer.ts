/**
 * Changes to a cassette that wait to be written beside it: each second, one lot. What cannot be written waits on, and
 * is tried again with the next.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Service } from '../thread/thread.ts';
import { headerName, type RedactionRule } from './cassette-header.ts';
import type { CassetteService } from './cassette-service.ts';
import { memoryOfExchange, packExchange } from './handed-over.ts';
import type { Lot } from './pending-file.ts';
import type { RecordedExchange } from './recorded-exchange.ts';

/** How long a recording waits for others. */
const GATHER_MS = 1_000;

export interface RecordingBufferOptions {
  readonly service: Service<CassetteService>;
  readonly path: string;
  readonly redact: readonly RedactionRule[];
  /** True where nothing is ever written. */
  readonly isReadOnly: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export class RecordingBuffer {
  readonly #options: RecordingBufferOptions;
  #exchanges = new Map<string, RecordedExchange>();
  #removes = new Set<string>();
  #cancel: (() => void) | undefined;
  #writing: Promise<boolean> = Promise.resolve(true);
  #isFailing = false;
  /** True once something was to be written. */
  hasChanged = false;

  constructor(options: RecordingBufferOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#exchanges.size === 0 && this.#removes.size === 0;
  }

  add(digest: string, exchange: RecordedExchange): void {
    if (this.#options.isReadOnly) return;
    this.#exchanges.set(digest, exchange);
    this.#gather();
  }

  remove(digest: string): void {
    if (this.#options.isReadOnly) return;
    this.#exchanges.delete(digest);
    this.#removes.add(digest);
    this.#gather();
  }

  /** Writes what waits. @returns whether all is written */
  flush(): Promise<boolean> {
    this.#cancel?.();
    this.#cancel = undefined;
    return (this.#writing = this.#writing.then(() => this.#write()));
  }

  #gather(): void {
    this.hasChanged = true;
    this.#cancel ??= this.#options.clock.after(GATHER_MS, () => void this.flush());
  }

  async #write(): Promise<boolean> {
    if (this.isEmpty) return true;
    const [exchanges, removes] = [this.#exchanges, this.#removes];
    this.#exchanges = new Map();
    this.#removes = new Set();
    const { lot, memory } = packed([...exchanges.values()], [...removes], this.#options.redact);
    const reply = await this.#options.service.ask('append', [lot], memory);
    if ('answer' in reply) return this.#succeeded();
    this.#putBack(exchanges, removes);
    this.#failed(reply.failure.message);
    return false;
  }

  /** Before what came since, which may have removed some of it. */
  #putBack(exchanges: ReadonlyMap<string, RecordedExchange>, removes: ReadonlySet<string>): void {
    const still = [...exchanges].filter(([digest]) => !this.#removes.has(digest));
    this.#exchanges = new Map([...still, ...this.#exchanges]);
    this.#removes = new Set([...removes, ...this.#removes]);
    this.#gather();
  }

  #succeeded(): true {
    const { log, path } = this.#options;
    if (this.#isFailing) log.info({ path }, 'the cassette can be written again');
    this.#isFailing = false;
    return true;
  }

  #failed(why: string): void {
    const { log, path } = this.#options;
    if (!this.#isFailing) log.error({ path, why }, 'the cassette cannot be written; what is recorded waits in memory');
    this.#isFailing = true;
  }
}

/** With bodies of its own, and their memory: what is recorded is played meanwhile. */
function packed(exchanges: readonly RecordedExchange[], removes: readonly string[], redact: readonly RedactionRule[]) {
  const copies = exchanges.map(packExchange);
  const upstreams = Object.fromEntries(
    exchanges.map(({ request: { upstream, dialect } }) => [headerName(upstream), dialect]),
  );
  const lot: Lot = { header: { upstreams, redact }, removes, exchanges: copies };
  return { lot, memory: copies.flatMap(memoryOfExchange) };
}
