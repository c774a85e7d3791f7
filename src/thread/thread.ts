/**
 * A worker thread as the main thread sees it, and the services that it runs:
 * modules that each answer calls of their own. The thread does one call at a
 * time, in the order asked, and replies to each.
 *
 *   none      ask() starts it, with all its services
 *   running   it replies to each call in turn; holds the process only while a reply is due
 *   none      it died: every reply still due is a failure, each service's `onDeath` is called, the next ask() starts
 *             another; or it had nothing to do for a while
 *   ended     every service has ended; every reply is a failure
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import { type Failure, failureOf } from './failure.ts';

export type Reply<Answer> = { readonly answer: Answer } | { readonly failure: Failure };

/** A service as its module makes it, in the thread. What it takes and returns is copied, or its memory handed over. */
// biome-ignore lint/suspicious/noExplicitAny: each has parameters of its own.
export type Methods = Record<string, (...parameters: any[]) => unknown>;

/** A message to the thread. */
export interface ThreadCall {
  readonly service: number;
  readonly id: number;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

/** A message from the thread. */
export type ThreadMessage =
  | { readonly id: number; readonly reply: Reply<unknown> }
  | { readonly service: number; readonly news: unknown };

export interface ServiceOptions<News> {
  /** A module that exports `createService`, and `memoryOf` where it hands over memory of what it returns. */
  readonly module: URL;
  /** The first parameter of `createService`; the second takes news. */
  readonly data?: unknown;
  /** Takes the news that the service sends unasked. */
  readonly onNews?: (news: News) => void;
  /** The thread died of itself. */
  readonly onDeath?: (failure: Failure) => void;
}

export interface Service<M extends Methods> {
  /** True where asking starts no thread. */
  readonly isRunning: boolean;
  /** Never rejects. @param memory that is handed over */
  ask<N extends keyof M & string>(
    method: N,
    parameters: Parameters<M[N]>,
    memory?: ArrayBuffer[],
  ): Promise<Reply<ReturnType<M[N]>>>;
  /** Asks no more. The thread ends with its last service. */
  end(): Promise<void>;
}

export interface ThreadOptions {
  /** After how long with nothing to do it ends, until it is asked again; it stays if not said. */
  readonly idleMs?: number;
}

/** `.ts` in the source tree, `.js` where it was built. */
const WORKER = new URL(`./thread.worker${extname(import.meta.url)}`, import.meta.url);

export class Thread {
  readonly #idleMs: number | undefined;
  readonly #services: ServiceOptions<never>[] = [];
  readonly #ended = new Set<number>();
  readonly #due = new Map<number, (reply: Reply<never>) => void>();
  #worker: Worker | undefined;
  #cancelIdle: (() => void) | undefined;
  #lastId = 0;

  constructor({ idleMs }: ThreadOptions = {}) {
    this.#idleMs = idleMs;
  }

  /** Before the first call to any of them. */
  serve<M extends Methods, News = never>(options: ServiceOptions<News>): Service<M> {
    const service = this.#services.push(options as ServiceOptions<never>) - 1;
    const isRunning = () => this.#worker !== undefined;
    return {
      get isRunning() {
        return isRunning();
      },
      ask: (method, parameters, memory = []) =>
        this.#ask({ service, id: (this.#lastId += 1), method, parameters }, memory),
      end: () => this.#end(service),
    };
  }

  #ask<Answer>(call: ThreadCall, memory: ArrayBuffer[]): Promise<Reply<Answer>> {
    const { promise, resolve } = Promise.withResolvers<Reply<Answer>>();
    this.#due.set(call.id, resolve);
    try {
      if (this.#ended.has(call.service)) throw new Error('the thread has ended');
      this.#cancelIdle?.();
      const worker = (this.#worker ??= this.#start());
      worker.postMessage(call, memory);
      worker.ref();
    } catch (error) {
      this.#settle(call.id, { failure: failureOf(error) });
    }
    return promise;
  }

  async #end(service: number): Promise<void> {
    this.#ended.add(service);
    if (this.#ended.size < this.#services.length) return;
    this.#cancelIdle?.();
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const services = this.#services.map(({ module, data }) => ({ module: module.href, data }));
    // Not the process's own flags: some (`--input-type`) would keep it from starting. Node 22 warns of node:sqlite.
    const worker = new Worker(WORKER, { workerData: services, execArgv: ['--disable-warning=ExperimentalWarning'] });
    let cause: unknown;
    worker.on('message', (message: ThreadMessage) => {
      if ('news' in message) this.#services[message.service]?.onNews?.(message.news as never);
      else this.#settle(message.id, message.reply as Reply<never>);
    });
    worker.on('error', (error) => (cause = error));
    worker.on('exit', (code) => this.#worker === worker && this.#onExit(cause, code));
    return worker;
  }

  #settle(id: number, reply: Reply<never>): void {
    this.#due.get(id)?.(reply);
    this.#due.delete(id);
    if (this.#due.size > 0) return;
    this.#worker?.unref();
    if (this.#idleMs !== undefined) this.#cancelIdle = systemClock.after(this.#idleMs, () => this.#rest());
  }

  /** Its memory goes with it. */
  #rest(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }

  #onExit(cause: unknown, exitCode: number): void {
    this.#worker = undefined;
    const message = cause === undefined ? `exit code ${exitCode}` : failureOf(cause).message;
    const failure = { code: 'THREAD_ENDED', message };
    for (const [service, { onDeath }] of this.#services.entries()) if (!this.#ended.has(service)) onDeath?.(failure);
    for (const id of [...this.#due.keys()]) this.#settle(id, { failure });
  }
}
