/**
 * One worker as its parent sees it.
 *
 *   starting   it loads what it needs
 *   ready      it takes connections
 *   draining   its answers end, then it does
 *   ended      its leases are over with it, and its connections
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { extname } from 'node:path';
import type { Log } from '../log.ts';
import type { Renewed } from '../reloading.ts';
import { Channel } from './channel.ts';
import type { HubMember } from './parent-hub.ts';
import type { ParentServices, Welcome, WorkerServices } from './parent-services.ts';

/** `.ts` in the source tree, `.js` where it was built. */
const PROGRAM = new URL(`./worker-main${extname(import.meta.url)}`, import.meta.url);

/** Its young objects are few, as those of the parent; flags of the parent's own count more. */
const FLAGS = ['--max-semi-space-size=2', '--disable-warning=ExperimentalWarning'];

/** How long a worker that is to end, and has nothing left to wait for, may take. */
const END_MS = 5_000;

export interface WorkerProcessOptions {
  readonly log: Log;
  /** The services of the parent that are not about this process itself. */
  readonly services: Omit<ParentServices, 'pool'>;
  readonly onReady: () => void;
  /** It has ended, and all that was of it. @param why for people */
  readonly onEnd: (why: string) => void;
}

export class WorkerProcess implements HubMember {
  readonly #options: WorkerProcessOptions;
  readonly #process: ChildProcess;
  readonly #channel: Channel<WorkerServices>;
  #isReady = false;
  #hasEnded = false;
  #connections = 0;

  constructor(options: WorkerProcessOptions) {
    this.#options = options;
    this.#process = fork(PROGRAM, {
      execArgv: [...FLAGS, ...process.execArgv],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'],
    });
    // A process that cannot be started, or not be sent to, reports it here; it ends all the same.
    this.#process.once('error', ({ message }) => this.#over(message));
    this.#process.once('exit', (code, signal) => this.#over(signal ?? `exit code ${code}`));
    // There are no pipes where no file may be opened, whatever the types say.
    const pipes: ChildProcess['stdio'] | undefined = this.#process.stdio;
    this.#channel = new Channel<WorkerServices>({
      socket: (pipes?.[4] as unknown as Duplex | undefined) ?? new Socket().destroy(),
      services: this.#services(),
      onFault: (method, err) => options.log.error({ err, method, pid: this.pid }, 'a call of a worker failed'),
      onClose: () => {
        this.#isReady = false;
        // A process without its parent has to end: this one may hang.
        this.#endIn(END_MS);
      },
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** How many connections it has. */
  get connections(): number {
    return this.#connections;
  }

  start(welcome: Welcome): void {
    this.#channel.tell('life', 'start', welcome);
  }

  /** Has it serve a connection. */
  take(socket: Socket): void {
    this.#connections++;
    // One that cannot be handed over is of a worker that has just ended.
    this.#process.send('connection', socket, { keepOpen: false }, (error) => error && socket.destroy());
  }

  async deliver(message: Uint8Array): Promise<boolean> {
    this.#channel.tell('hub', 'deliver', message);
    await this.#channel.flushed();
    return this.#channel.isOpen;
  }

  async news(...[log]: Parameters<HubMember['news']>): Promise<void> {
    await this.#channel.ask('hub', 'news', log);
  }

  left(node: string): void {
    this.#channel.tell('hub', 'left', node);
  }

  async gone(...[gone]: Parameters<WorkerServices['store']['gone']>): Promise<void> {
    await this.#channel.ask('store', 'gone', gone);
  }

  /** Undefined where it has ended. */
  reload(renewed: Renewed): Promise<boolean | undefined> {
    return this.#channel.ask('life', 'reload', renewed);
  }

  /** Undefined where it has ended. */
  report(): Promise<ReturnType<WorkerServices['life']['report']> | undefined> {
    return this.#channel.ask('life', 'report');
  }

  has(keys: readonly string[]): Promise<boolean[] | undefined> {
    return this.#channel.ask('life', 'has', keys);
  }

  /** Takes no new request, and ends once all answers have; the connections that it was given come first. */
  drain(): void {
    this.#isReady = false;
    this.#process.send('drain', (error) => error && this.kill());
  }

  abort(): void {
    this.#channel.tell('life', 'abort');
  }

  /** Ends its connections; what does not end by that is killed. */
  cut(): void {
    this.#channel.tell('life', 'cut');
    this.#endIn(END_MS);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #services(): ParentServices {
    return {
      ...this.#options.services,
      pool: {
        ready: () => {
          this.#isReady = true;
          this.#options.onReady();
        },
        left: (connections) => {
          this.#connections -= connections;
        },
      },
    };
  }

  #endIn(ms: number): void {
    setTimeout(() => this.kill(), ms).unref();
  }

  #over(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isReady = false;
    this.#options.onEnd(why);
  }
}
