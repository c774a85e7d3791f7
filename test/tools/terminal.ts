/**
 * Refrain on a pseudo-terminal, as a person has it before them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Barrier } from '../harness/barrier.ts';

const PROGRAM = fileURLToPath(new URL('terminal.py', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export const CTRL_C = '\u0003';

export class Terminal {
  /** All that was sent to the screen. */
  text = '';
  /** The exit code of the command. */
  readonly exited: Promise<number | null>;
  readonly #process: ChildProcess;
  readonly #barrier = new Barrier();
  #hasExited = false;

  /** @param args of the command `refrain`, or of another @param command that is run */
  constructor(
    args: readonly string[],
    cwd: string,
    environment: Record<string, string> = {},
    command: readonly string[] = [process.execPath, MAIN],
  ) {
    const { PATH = '' } = process.env;
    this.#process = spawn('python3', [PROGRAM, '24', '100', ...command, ...args], {
      cwd,
      env: { PATH, TERM: 'xterm-256color', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#process.stdout?.on('data', (data: Buffer) => {
      this.text += data;
      this.#barrier.changed();
    });
    this.exited = once(this.#process, 'close').then(([code]) => {
      this.#hasExited = true;
      this.#barrier.changed();
      return code;
    });
  }

  /** The last that was drawn on an alternate screen, without its sequences. */
  get screen(): string {
    const drawn = this.text.split('\u001b[H').at(-1) ?? '';
    return drawn.replaceAll(/\u001b\[[?\d]*\w/g, '').replaceAll('\r', '');
  }

  type(keys: string): void {
    this.#process.stdin?.write(keys);
  }

  resize(rows: number, columns: number): void {
    this.type(`\0resize ${rows} ${columns}\0`);
  }

  /** @throws where the command ends before */
  async until(met: () => boolean): Promise<void> {
    await this.#barrier.until(() => met() || this.#hasExited);
    if (!met()) throw new Error(`the command has ended: ${this.text}`);
  }

  /** Resolves when something more is shown. */
  async changed(): Promise<void> {
    const { length } = this.text;
    await this.until(() => this.text.length > length);
  }

  async shows(text: string): Promise<void> {
    await this.until(() => this.text.includes(text));
  }

  /** Ends the command if it still runs. */
  async end(): Promise<void> {
    if (!this.#hasExited) this.#process.kill('SIGTERM');
    await this.exited;
  }
}
