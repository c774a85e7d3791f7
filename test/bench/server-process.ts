/**
 * A server in a process of its own, pinned to one core, and what it has taken
 * of that core by the operating system's account.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { accepts } from '../harness/port.ts';
import { START } from '../harness/start.ts';
import { writeNginxFiles } from './servers/nginx.ts';

/** Servers on one core, the load and whatever serves it on the other. */
export const SERVER_CORE = '0';
export const LOAD_CORE = '1';

const TICK_US = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export class ServerProcess {
  readonly url: string;
  /** The first line that it has said; empty where it says none. */
  readonly line: string;
  /** From the start of the process to its ready line, in ms. */
  readonly startMs: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, url: string, line: string, startMs: number) {
    this.#process = child;
    this.url = url;
    this.line = line;
    this.startMs = startMs;
  }

  static script(path: string, args: readonly string[], core: string): Promise<ServerProcess> {
    return ServerProcess.#saying([process.execPath, fileURLToPath(new URL(path, import.meta.url)), ...args], core);
  }

  /** As `npm start` does, with a store in `folder`. */
  static refrain(
    upstream: string,
    flags: readonly string[],
    folder: string,
    cores: string = SERVER_CORE,
  ): Promise<ServerProcess> {
    mkdirSync(folder, { recursive: true });
    const start = START.map((arg) => (arg.endsWith('.js') ? ROOT + arg : arg));
    const settings = [
      '--port',
      '0',
      '--admin-port',
      '0',
      '--upstream',
      `${upstream}/v1`,
      '--log-level',
      'error',
      ...flags,
    ];
    return ServerProcess.#saying([process.execPath, ...start, ...settings], cores, folder);
  }

  /** A cache of POST requests by their bodies. @param folder for its files */
  static async nginx(upstream: string, folder: string): Promise<ServerProcess> {
    const began = performance.now();
    const { config, port } = await writeNginxFiles(upstream, folder);
    const child = spawn('taskset', ['-c', SERVER_CORE, 'nginx', '-c', config, '-p', folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    while (!(await accepts(port))) await setTimeout(10);
    return new ServerProcess(child, `http://127.0.0.1:${port}`, '', performance.now() - began);
  }

  /** Resolves at the first line, whose first URL is the server's address. */
  static async #saying(command: readonly string[], core: string, cwd?: string): Promise<ServerProcess> {
    const began = performance.now();
    const child = spawn('taskset', ['-c', core, ...command], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const url = /http:\/\/[^\s/]+/.exec(line)?.[0];
    if (!url) throw new Error(`${command.join(' ')} said ${line}`);
    return new ServerProcess(child, url, line, performance.now() - began);
  }

  /** User and system time so far, in microseconds; of all threads. */
  cpu(): number {
    return cpuOf(this.#process.pid as number);
  }

  /** The same of each process that it has started. */
  workersCpu(): number[] {
    const { pid } = this.#process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return children.map((child) => cpuOf(Number(child)));
  }

  /** Resident bytes, now or at most so far. */
  memory(what: 'VmRSS' | 'VmHWM'): number {
    const [, kilobytes = ''] =
      new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${this.#process.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill(signal);
    await exited;
  }
}

function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}
