/**
 * The recipes of a document as a reader follows them: its fenced blocks, run as they stand in a folder of their own,
 * with a proxy before a sample upstream. The address of the proxy is the one thing in a block that is replaced.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../harness/port.ts';
import { sectionOf } from '../markdown.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

export interface Block {
  readonly language: string;
  readonly text: string;
}

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The fenced blocks under each heading of the second level. */
export function recipesOf(markdown: string): ReadonlyMap<string, readonly Block[]> {
  const headings = [...markdown.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading as string);
  return new Map(headings.map((heading) => [heading, blocksOf(sectionOf(markdown, heading))]));
}

function blocksOf(section: string): readonly Block[] {
  return [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', body = '']) => ({
    language,
    text: body,
  }));
}

export class Kitchen {
  readonly folder: string;
  readonly #ports: { readonly api: number; readonly admin: number };
  readonly #environment: NodeJS.ProcessEnv;
  readonly #started: ChildProcess[] = [];

  /** @param python the folder of a virtual environment */
  static async open(folder: string, upstream: string, python: string): Promise<Kitchen> {
    return new Kitchen(folder, upstream, python, { api: await freePort(), admin: await freePort() });
  }

  private constructor(
    folder: string,
    upstream: string,
    python: string,
    ports: { readonly api: number; readonly admin: number },
  ) {
    this.folder = folder;
    this.#ports = ports;
    // The command as an installation has it, and the package as it is in this checkout.
    this.write('bin/refrain', `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'src/main.js')}' "$@"\n`);
    chmodSync(join(folder, 'bin/refrain'), 0o755);
    this.write('package.json', '{"type":"module","scripts":{"test":"node ask.js"}}');
    this.write('node_modules/refrain/package.json', '{"type":"module","exports":"./src/fetch/cached-fetch.ts"}');
    symlinkSync(join(ROOT, 'src'), join(folder, 'node_modules/refrain/src'));
    symlinkSync(join(ROOT, 'node_modules/openai'), join(folder, 'node_modules/openai'));
    this.#environment = {
      PATH: [join(folder, 'bin'), join(python, 'bin'), process.env['PATH'] ?? ''].join(':'),
      HOME: folder,
      OPENAI_API_KEY: 'mine',
      REFRAIN_UPSTREAM: upstream,
      REFRAIN_PORT: `${ports.api}`,
      REFRAIN_ADMIN_PORT: `${ports.admin}`,
    };
  }

  get admin(): string {
    return `http://127.0.0.1:${this.#ports.admin}`;
  }

  write(path: string, content: string): void {
    const target = join(this.folder, path);
    mkdirSync(join(target, '..'), { recursive: true });
    writeFileSync(target, content);
  }

  /** Runs a block to its end. */
  async run(block: Block, environment: Readonly<Record<string, string>> = {}): Promise<Run> {
    const child = this.#spawn(block, environment);
    const [out, err] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream & AsyncIterable<Buffer>),
      text(child.stderr as NodeJS.ReadableStream & AsyncIterable<Buffer>),
      once(child, 'close'),
    ]);
    return { code: child.exitCode, out, err };
  }

  /** Starts a block that goes on until it is stopped. @returns its first line */
  async start(block: Block): Promise<string> {
    const child = this.#spawn(block, {});
    this.#started.push(child);
    let err = '';
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk));
    let out = '';
    for await (const chunk of child.stdout as NodeJS.ReadableStream) {
      out += chunk;
      if (out.includes('\n')) return out.slice(0, out.indexOf('\n'));
    }
    throw new Error(`${block.text}\nended: ${err}`);
  }

  /** Stops what was started last. */
  async stop(): Promise<void> {
    const child = this.#started.pop();
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    // The shell and what it started.
    process.kill(-child.pid, 'SIGTERM');
    await exited;
  }

  async close(): Promise<void> {
    while (this.#started.length > 0) await this.stop();
  }

  #spawn({ language, text: body }: Block, environment: Readonly<Record<string, string>>): ChildProcess {
    const program = body.replaceAll('127.0.0.1:4747', `127.0.0.1:${this.#ports.api}`);
    const [command, ...args] = COMMANDS[language]?.(program) ?? [];
    if (command === undefined) throw new Error(`nothing runs a block of ${language}`);
    return spawn(command, args, {
      cwd: this.folder,
      env: { ...this.#environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  }
}

const COMMANDS: Readonly<Record<string, (program: string) => readonly string[]>> = {
  sh: (program) => ['sh', '-e', '-c', program],
  python: (program) => ['python3', '-c', program],
  ts: (program) => ['node', '--input-type=module-typescript', '--eval', program],
  js: (program) => ['node', '--input-type=module', '--eval', program],
};
