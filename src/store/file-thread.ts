/**
 * A thread that owns a file, as the main thread sees it. It does one call at a
 * time, in the order asked, and replies to each.
 *
 *   none      ask() starts it
 *   running   it replies to each call in turn; holds the process only while a reply is due
 *   none      it died: every reply still due is a failure, `onDeath` is told, the next ask() starts another
 *   ended     end() was called; every reply is a failure
 */
import { Worker } from 'node:worker_threads';
import { type FileFailure, failureOf } from './sqlite-failure.ts';

/** A method and its parameters. */
export interface Callable {
  readonly act: string;
}

export type Reply<Answer> = { readonly answer: Answer } | { readonly failure: FileFailure };

/** A damaged file, and where it is kept now. */
export interface Quarantined {
  readonly failure: FileFailure;
  readonly movedTo: string;
}

/** What a thread says. */
export type ThreadMessage<Answer, News> =
  | { readonly id: number; readonly reply: Reply<Answer> }
  | { readonly quarantined: Quarantined }
  | { readonly news: News };

export interface ThreadOptions<Call extends Callable, News> {
  readonly worker: URL;
  readonly workerData: unknown;
  /** A call as it crosses, and the memory that it hands over. */
  readonly pack?: (call: Call) => { readonly packed: Call; readonly handedOver: ArrayBuffer[] };
  readonly onQuarantine: (aside: Quarantined) => void;
  /** Takes the news that the thread sends unasked. */
  readonly onNews: (news: News) => void;
  /** The thread died of itself. */
  readonly onDeath: (failure: FileFailure) => void;
}

type Settle = (reply: Reply<never>) => void;

/** `Answers` has the answer to each method by its name. */
export class FileThread<Call extends Callable, Answers extends Record<Call['act'], unknown>, News> {
  readonly #options: ThreadOptions<Call, News>;
  readonly #due = new Map<number, Settle>();
  #worker: Worker | undefined;
  #isEnded = false;
  #lastId = 0;

  constructor(options: ThreadOptions<Call, News>) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Never rejects. */
  ask<C extends Call>(call: C): Promise<Reply<Answers[C['act']]>> {
    const { promise, resolve } = Promise.withResolvers<Reply<Answers[C['act']]>>();
    const id = (this.#lastId += 1);
    this.#due.set(id, resolve as Settle);
    try {
      if (this.#isEnded) throw new Error('the thread has ended');
      const worker = (this.#worker ??= this.#start());
      const { packed, handedOver } = this.#options.pack?.(call) ?? { packed: call, handedOver: [] };
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
    const { worker: url, workerData } = this.#options;
    // Not the process's own flags: some (`--input-type`) would keep it from starting. Node 22 warns of node:sqlite, which is decided.
    const worker = new Worker(url, { workerData, execArgv: ['--disable-warning=ExperimentalWarning'] });
    let cause: unknown;
    worker.on('message', (word: ThreadMessage<never, News>) => {
      if ('quarantined' in word) this.#options.onQuarantine(word.quarantined);
      else if ('news' in word) this.#options.onNews(word.news);
      else this.#settle(word.id, word.reply);
    });
    worker.on('error', (error) => (cause = error));
    worker.on('exit', (code) => this.#onExit(cause, code));
    return worker;
  }

  #settle(id: number, reply: Reply<never>): void {
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
