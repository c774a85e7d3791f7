/**
 * A server in a process of its own, pinned to one core, and what it has taken
 * of that core by the operating system's account.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Servers on one core, the load and whatever serves it on the other. */
export const SERVER_CORE = '0';
export const LOAD_CORE = '1';

const TICK_US = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export class ServerProcess {
  readonly url: string;
  /** From the start of the process to its ready line, in ms. */
  readonly startMs: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, url: string, startMs: number) {
    this.#process = child;
    this.url = url;
    this.startMs = startMs;
  }

  /** Resolves at the line that says `ready` and names an address, which is its first URL. */
  static async start(script: string, args: readonly string[], core: string, cwd?: string): Promise<ServerProcess> {
    const began = performance.now();
    const path = fileURLToPath(new URL(script, import.meta.url));
    const child = spawn('taskset', ['-c', core, process.execPath, path, ...args], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const url = /http:\/\/[^\s/]+/.exec(line)?.[0];
    if (!url) throw new Error(`${script} said ${line}`);
    return new ServerProcess(child, url, performance.now() - began);
  }

  /** User and system time so far, in microseconds; of all threads. */
  cpu(): number {
    const fields = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  }

  /** Resident bytes, now or at most so far. */
  memory(what: 'VmRSS' | 'VmHWM'): number {
    const [, kilobytes = ''] = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${this.#process.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
