/**
 * Refrain as a process of its own, started as a person would.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Barrier } from './barrier.ts';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Child {
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  #stderr = '';
  readonly #barrier = new Barrier();

  /** @param files how many files and connections the process may have open; as many as this one by default */
  constructor(flags: readonly string[], cwd: string, environment: Record<string, string>, files?: number) {
    const { PATH = '' } = process.env;
    const command = [process.execPath, MAIN, ...flags];
    const limited = files === undefined ? command : ['sh', '-c', `ulimit -n ${files} && exec "$@"`, 'sh', ...command];
    this.#process = spawn(limited[0] as string, limited.slice(1), {
      cwd,
      env: { PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#process;
    if (!stdout || !stderr) throw new Error('a child has pipes');
    createInterface(stdout).on('line', (line) => {
      this.#lines.push(line);
      this.#barrier.changed();
    });
    stderr.on('data', (text: Buffer) => {
      this.#stderr += text;
      this.#barrier.changed();
    });
    this.exited = once(this.#process, 'close').then(([code, signal]) => {
      this.#barrier.changed();
      return { code, signal };
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  get stdout(): readonly string[] {
    return this.#lines;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits for the ready line. @returns the addresses that it names, by name */
  async ready(): Promise<{ api: string; admin: string; upstream: string }> {
    await this.#until(() => this.#lines.length > 0);
    const [, api = '', admin = '', upstream = ''] =
      /^refrain ready api=(\S+) admin=(\S+) upstream=(\S+)$/.exec(this.#lines[0] ?? '') ?? [];
    return { api, admin, upstream };
  }

  /** Waits until standard error has this text. */
  async says(text: string): Promise<void> {
    await this.#until(() => this.#stderr.includes(text));
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends the process if it still runs. */
  async end(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  async #until(met: () => boolean): Promise<void> {
    await this.#barrier.until(() => met() || this.#process.exitCode !== null);
    if (!met()) throw new Error(`refrain exited with ${this.#process.exitCode}: ${this.#stderr}`);
  }
}
