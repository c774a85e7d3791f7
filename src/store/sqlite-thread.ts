/**
 * The thread of the database file, as the main thread sees it.
 *
 *   none      ask() starts it
 *   running   it replies to each call in turn; holds the process only while a reply is due
 *   none      it died: every reply still due is a failure, `onDeath` is told, the next ask() starts another
 *   ended     end() was called; every reply is a failure
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Failure, failureOf } from './sqlite-failure.ts';
import { type Answers, type Aside, type Call, packCall, type Reply, type Word } from './sqlite-message.ts';

/** `.ts` in the source tree, `.js` where it was built. */
const WORKER = new URL(`./sqlite.worker${extname(import.meta.url)}`, import.meta.url);

export interface ThreadOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly onAside: (aside: Aside) => void;
  /** The thread died of itself. */
  readonly onDeath: (failure: Failure) => void;
}

type Settle = (reply: Reply<never> | Reply<Answers[Call['act']]>) => void;

export class SqliteThread {
  readonly #options: ThreadOptions;
  readonly #due = new Map<number, Settle>();
  #worker: Worker | undefined;
  #isEnded = false;
  #lastId = 0;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  ask<C extends Call>(call: C): Promise<Reply<Answers[C['act']]>> {
    const { promise, resolve } = Promise.withResolvers<Reply<Answers[C['act']]>>();
    const id = (this.#lastId += 1);
    this.#due.set(id, resolve as Settle);
    try {
      if (this.#isEnded) throw new Error('the thread has ended');
      const worker = (this.#worker ??= this.#start());
      const { packed, handedOver } = packCall(call);
      worker.postMessage({ id, call: packed }, handedOver);
      worker.ref();
    } catch (error) {
      this.#settle(id, { failure: failureOf(error) });
    }
    return promise;
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const { path, maxBytes } = this.#options;
    // Not the process's own flags: some (`--input-type`) would keep it from starting. Node 22 warns of node:sqlite, which is decided.
    const worker = new Worker(WORKER, { workerData: { path, maxBytes }, execArgv: ['--disable-warning=ExperimentalWarning'] });
    let cause: unknown;
    worker.on('message', (word: Word) => {
      if ('aside' in word) this.#options.onAside(word.aside);
      else this.#settle(word.id, word.reply);
    });
    worker.on('error', (error) => (cause = error));
    worker.on('exit', (code) => this.#onExit(cause, code));
    return worker;
  }

  #settle(id: number, reply: Parameters<Settle>[0]): void {
    this.#due.get(id)?.(reply);
    this.#due.delete(id);
    if (this.#due.size === 0) this.#worker?.unref();
  }

  #onExit(cause: unknown, exitCode: number): void {
    this.#worker = undefined;
    const message = cause === undefined ? `exit code ${exitCode}` : failureOf(cause).message;
    const failure = { code: 'THREAD_ENDED', message };
    if (!this.#isEnded) this.#options.onDeath(failure);
    for (const id of [...this.#due.keys()]) this.#settle(id, { failure });
  }
}
