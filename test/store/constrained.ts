/**
 * A proxy in a process of its own that can be denied what it needs of the
 * disk, by means that need no privileges and leave the rest of the machine
 * alone: a limit on the size of its files, which can be lifted while it runs,
 * and the modes of its folder, which bind it even where it is run by root.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test as base } from 'vitest';
import { usagePath } from '../../src/ledger/usage-file.ts';
import { CHAT, chatAnswer, chatRequest, sendJson } from '../harness/answers.ts';
import { Barrier } from '../harness/barrier.ts';
import { ask } from '../harness/client.ts';
import { type ScriptedUpstream, startUpstream } from '../harness/upstream.ts';
import type { Word } from './clocked-proxy.ts';
import type { Line } from './temp-dir.ts';

const SCRIPT = new URL('./clocked-proxy.ts', import.meta.url).pathname;

/** Some 50 KB that only this question has. */
const answerTo = (question: string) => chatAnswer(`answer to ${question}, `.repeat(2_000));

export class ConstrainedProxy {
  readonly #process: ChildProcess;
  readonly #path: string;
  readonly #barrier = new Barrier();
  #url = '';
  #now: number;
  /** The log of the store. */
  readonly lines: Line[] = [];
  /** The log of the usage ledger. */
  readonly bookLines: Line[] = [];

  constructor(upstream: string, path: string, startsAt: number, obeysModes: boolean) {
    this.#path = path;
    this.#now = startsAt;
    const command = obeysModes ? withoutOverride(dirname(path)) : [process.execPath];
    this.#process = fork(SCRIPT, [upstream, path, String(startsAt)], {
      execPath: command[0],
      execArgv: command.slice(1),
    });
    this.#process.on('message', (word: Word) => this.#hear(word));
    this.#process.on('exit', () => this.#barrier.changed());
  }

  /** The time of its clock, in milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  async ready(): Promise<this> {
    await this.#until(() => this.#url !== '');
    return this;
  }

  /** Asks a question, whose answer must be right; `MISS`, or where it was found. */
  async ask(question: string): Promise<string> {
    const { status, text, headers } = await ask(this.#url + CHAT, { body: chatRequest(question) });
    if (status !== 200 || text !== answerTo(question))
      throw new Error(`not the answer to ${question}: ${status} ${text.slice(0, 200)}`);
    return headers['x-cache'] === 'HIT'
      ? String(/detail=(\w+)/.exec(String(headers['cache-status']))?.[1])
      : String(headers['x-cache']);
  }

  /** Turns the clock; resolves once all is written that then can be. */
  async turn(ms: number): Promise<void> {
    const later = this.#now + ms;
    this.#process.send(ms);
    await this.#until(() => this.#now === later);
  }

  /** From here on no file of the process may become longer; a write beyond fails with EFBIG, in part or whole. */
  limitFiles(bytes: number | 'unlimited'): void {
    execFileSync('prlimit', ['--pid', String(this.#process.pid), `--fsize=${bytes}:`]);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }

  #hear(word: Word): void {
    if ('url' in word) this.#url = word.url;
    else if ('turned' in word) this.#now += word.turned;
    else if (word.line.path === this.#path) this.lines.push(word.line);
    else if (word.line.path === usagePath(this.#path)) this.bookLines.push(word.line);
    this.#barrier.changed();
  }

  async #until(met: () => boolean): Promise<void> {
    const isGone = () => this.#process.exitCode !== null || this.#process.signalCode !== null;
    await this.#barrier.until(() => met() || isGone());
    if (!met()) throw new Error(`the proxy ended: ${this.#process.exitCode ?? this.#process.signalCode}`);
  }
}

/** The command that runs node bound by the modes of files: root may override them, unless it waives that. */
function withoutOverride(folder: string): string[] {
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return [process.execPath];
  }
  const waived = '-dac_override,-dac_read_search';
  return ['setpriv', `--inh-caps=${waived}`, `--bounding-set=${waived}`, process.execPath];
}

interface Cast {
  /** In a folder of its own. */
  readonly path: string;
  readonly upstream: ScriptedUpstream;
  /** Runs a proxy, whose clock goes on where that of the one before stood. */
  readonly run: (options?: { readonly obeysModes: boolean }) => Promise<ConstrainedProxy>;
}

export const story = base.extend<Cast>({
  path: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
    await use(join(folder, 'cache.sqlite'));
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  },
  upstream: async ({}, use) => {
    const upstream = await startUpstream((call) =>
      sendJson(call, answerTo(JSON.parse(call.body.toString()).messages[0].content)),
    );
    await use(upstream);
    await upstream.stop();
  },
  run: async ({ upstream, path }, use) => {
    const proxies: ConstrainedProxy[] = [];
    await use((options = { obeysModes: false }) => {
      const proxy = new ConstrainedProxy(
        upstream.url,
        path,
        proxies.at(-1)?.now ?? Date.UTC(2026, 0, 1),
        options.obeysModes,
      );
      proxies.push(proxy);
      return proxy.ready();
    });
    for (const proxy of proxies) await proxy.kill();
  },
});
