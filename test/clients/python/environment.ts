/**
 * A Python of its own with one version of OpenAI's client in it, and Anthropic's newest.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const DRIVE = new URL('./drive.py', import.meta.url).pathname;

const run = promisify(execFile);

/** The outcome of one question. */
export interface Told {
  /** The parsed objects, in order. */
  readonly told: readonly unknown[];
  /** The class of the exception that ended it. */
  readonly error: string | null;
}

/** Why there is none. */
export class NoPython extends Error {}

/**
 * @param wanted OpenAI's package and its versions, as pip takes them
 * @throws NoPython where the machine has no Python with venv, or pip cannot fetch the package
 */
export async function createPython(folder: string, wanted: string): Promise<Python> {
  const python = join(folder, 'bin', 'python');
  try {
    await run('python3', ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', wanted, 'anthropic']);
  } catch (error) {
    throw new NoPython(lastLine(error));
  }
  const { stdout: version } = await run(python, ['-c', 'import openai; print(openai.__version__)']);
  return new Python(`openai ${version.trim()}`, python);
}

export class Python {
  /** The client and its version. */
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** @param python the path of its interpreter */
  constructor(name: string, python: string) {
    this.name = name;
    const { PATH = '' } = process.env;
    this.#process = spawn(python, [DRIVE], {
      env: { PATH, PYTHONIOENCODING: 'utf-8' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdout } = this.#process;
    if (!stdout) throw new Error('a child has pipes');
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]();
  }

  /** Puts a question to a server; one at a time. */
  async ask(url: string, name: string): Promise<Told> {
    this.#process.stdin?.write(`${JSON.stringify({ url, name })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the program in Python has ended');
    return JSON.parse(value);
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'close');
    this.#process.stdin?.end();
    await ended;
  }
}

function lastLine(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string };
  return (stderr.trim() || message).split('\n').at(-1) as string;
}
