/**
 * The workers of a proxy: as many as are wanted, each replaced when it dies.
 */
import type { Socket } from 'node:net';
import { type Clock, within } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Renewed } from '../reloading.ts';
import type { GoneNews } from '../store/gone.ts';
import type { WorkerGroupState } from '../workforce.ts';
import { addReport, NO_REPORT, pastOf } from './report.ts';
import type { WorkerProcess, WorkerProcessOptions } from './worker-process.ts';

export interface PoolOptions {
  readonly count: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Starts a process in a place of the pool. @param number from 1 */
  readonly start: (number: number, events: Pick<WorkerProcessOptions, 'onReady' | 'onEnd'>) => WorkerProcess;
}

/** One that ends sooner than this is not replaced at once. */
const SHORT_LIFE_MS = 10_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** How many connections wait while no worker is ready. */
const MOST_WAITING = 1_024;

/** How long a report is waited for: a worker may be busy. */
const REPORT_MS = 1_000;

/** How long a worker may take to go by other settings: it may be busy, or only be starting. */
const RELOAD_MS = 10_000;

interface Place {
  readonly number: number;
  worker: WorkerProcess | null;
  /** How often in a row it ended soon. */
  failures: number;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #places: readonly Place[];
  readonly #waiting: Socket[] = [];
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #hasStarted = false;
  #isDraining = false;
  /** The place that had a connection last. */
  #last = -1;
  /** The counts of workers that have ended. */
  #past: WorkerGroupState = NO_REPORT;
  readonly #reports = new Map<WorkerProcess, WorkerGroupState>();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.count }, (_, at) => ({ number: at + 1, worker: null, failures: 0 }));
  }

  /** Resolves once all take connections. @throws Error where one ends before */
  start(): Promise<void> {
    for (const place of this.#places) this.#fill(place);
    return this.#started.promise;
  }

  get workers(): readonly WorkerProcess[] {
    return this.#places.flatMap(({ worker }) => worker ?? []);
  }

  /** Has a connection served by the worker that has the fewest. */
  take(socket: Socket): void {
    const worker = this.#leastBusy();
    if (worker) worker.take(socket);
    else if (this.#waiting.length < MOST_WAITING && !this.#isDraining) this.#waiting.push(socket);
    else socket.destroy();
  }

  /** Has all drop what is gone. Resolves once they have; one that is too busy for that is not waited for. */
  async gone(gone: GoneNews): Promise<void> {
    await Promise.all(this.workers.map((worker) => this.#within(worker.gone(gone))));
  }

  /** Resolves once all go by other settings; one that does not is ended, and replaced by one that does. */
  async reload(renewed: Renewed): Promise<void> {
    await Promise.all(
      this.workers.map(async (worker) => {
        const isDone = await within(this.#options.clock, RELOAD_MS, worker.reload(renewed));
        if (!isDone) worker.kill();
      }),
    );
  }

  /** Asks all how they are. @returns the sum, with the last word of those that have ended */
  async report(): Promise<WorkerGroupState> {
    await Promise.all(
      this.#ready().map(async (worker) => {
        const report = await this.#within(worker.report());
        if (report && this.workers.includes(worker)) this.#reports.set(worker, report);
      }),
    );
    return [...this.#reports.values()].reduce(addReport, this.#past);
  }

  /** The keys that the memory of some worker has. */
  async held(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const answers = await Promise.all(this.#ready().map((worker) => this.#within(worker.has(keys))));
    return new Set(keys.filter((_, at) => answers.some((answer) => answer?.[at])));
  }

  /** Resolves once all have ended, each after its last answer. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    for (const worker of this.workers) worker.drain();
    if (this.workers.length > 0) await this.#ended.promise;
  }

  abort(): void {
    for (const worker of this.workers) worker.abort();
  }

  cut(): void {
    for (const worker of this.workers) worker.cut();
  }

  kill(): void {
    for (const worker of this.workers) worker.kill();
  }

  /** Those that can be asked. */
  #ready(): readonly WorkerProcess[] {
    return this.workers.filter(({ isReady }) => isReady);
  }

  /** Of equals, the one that was not the last. */
  #leastBusy(): WorkerProcess | null {
    let least: WorkerProcess | null = null;
    for (let turn = 1; turn <= this.#places.length; turn++) {
      const { worker } = this.#places[(this.#last + turn) % this.#places.length] as Place;
      if (worker?.isReady && (least === null || worker.connections < least.connections)) least = worker;
    }
    this.#last = this.#places.findIndex(({ worker }) => worker === least);
    return least;
  }

  #fill(place: Place): void {
    const { clock, start } = this.#options;
    const since = clock.now();
    try {
      const worker = start(place.number, {
        onReady: () => this.#onReady(),
        onEnd: (why) => this.#onEnd(place, worker, why, clock.now() - since),
      });
      place.worker = worker;
    } catch (error) {
      // The system has no room for a process now.
      this.#replace(place, 0, reasonOf(error), 0);
    }
  }

  #onReady(): void {
    for (const socket of this.#waiting.splice(0)) this.take(socket);
    if (this.#hasStarted || !this.#places.every(({ worker }) => worker?.isReady)) return;
    this.#hasStarted = true;
    this.#started.resolve();
  }

  #onEnd(place: Place, worker: WorkerProcess, why: string, lived: number): void {
    place.worker = null;
    this.#past = addReport(this.#past, pastOf(this.#reports.get(worker)));
    this.#reports.delete(worker);
    if (!this.#isDraining) this.#replace(place, worker.pid, why, lived);
    else if (this.workers.length === 0) this.#ended.resolve();
  }

  #replace(place: Place, pid: number, why: string, lived: number): void {
    const { clock, log } = this.#options;
    const { number } = place;
    if (!this.#hasStarted) return this.#started.reject(new Error(`worker ${number} ended before it was ready: ${why}`));
    place.failures = lived < SHORT_LIFE_MS ? place.failures + 1 : 0;
    const wait = place.failures === 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (place.failures - 1));
    log.error(
      { worker: number, pid, why, wait },
      'a worker has ended, and with it its connections; another takes its place',
    );
    clock.after(wait, () => this.#isDraining || this.#fill(place));
  }

  #within<T>(answer: Promise<T | undefined>): Promise<T | undefined> {
    return within(this.#options.clock, REPORT_MS, answer);
  }
}
