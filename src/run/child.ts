/**
 * A command as a child process: it has the standard streams of this one, gets its signals, and how it ends is told by
 * an exit code as a shell has it.
 */
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { reasonOf } from '../errors.ts';

export interface ChildEnd {
  readonly code: number;
  /** Why it did not even begin; null where it did. */
  readonly failure: string | null;
}

/** A shell's codes for what did not begin. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
/** A shell's code for a command that a signal ended is this and the number of the signal. */
const SIGNALLED = 128;

/** The signals that a terminal sends to all that run in it, the command too. */
const OF_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGHUP'];

const PASSED_ON: readonly NodeJS.Signals[] =
  process.platform === 'win32' ? ['SIGINT', 'SIGBREAK', 'SIGHUP'] : [...OF_TERMINAL, 'SIGTERM', 'SIGUSR1', 'SIGUSR2'];

export type Spawn = (words: readonly [string, ...string[]], env: NodeJS.ProcessEnv) => ChildProcess;

/** On Windows commands are files of many kinds, which Node alone does not find. */
export async function loadSpawn(): Promise<Spawn> {
  const { default: spawn } = await import('cross-spawn');
  return ([file, ...args], env) => spawn(file, args, { env, stdio: 'inherit' });
}

/** Resolves once it has ended. @param isToEnd resolves where it is to be ended before */
export function runChild(
  spawn: Spawn,
  words: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  isToEnd?: Promise<unknown>,
): Promise<ChildEnd> {
  let child: ChildProcess;
  try {
    child = spawn(words, env);
  } catch (error) {
    return Promise.resolve(failedToBegin(words[0], error));
  }
  const stopPassing = passSignals(child);
  void isToEnd?.then(() => child.kill());
  return new Promise<ChildEnd>((resolve) => {
    child.once('error', (error) => {
      // A signal that could not be passed on is no end.
      if (child.pid === undefined) resolve(failedToBegin(words[0], error));
    });
    child.once('exit', (code, signal) =>
      resolve({ code: code ?? SIGNALLED + constants.signals[signal as NodeJS.Signals], failure: null }),
    );
  }).finally(stopPassing);
}

/** @returns what ends it: from then on signals are this process's own */
function passSignals(child: ChildProcess): () => void {
  const isInTerminal = [0, 1, 2].some((fd) => isatty(fd));
  const pass = (signal: NodeJS.Signals) => {
    if (!isInTerminal || !OF_TERMINAL.includes(signal)) child.kill(signal);
  };
  for (const signal of PASSED_ON) process.on(signal, pass);
  return () => {
    for (const signal of PASSED_ON) process.off(signal, pass);
  };
}

function failedToBegin(file: string, error: unknown): ChildEnd {
  const reason = reasonOf(error);
  if (reason === 'ENOENT') return { code: NOT_FOUND, failure: `${file} was not found` };
  return { code: NOT_EXECUTABLE, failure: `${file} cannot be executed (${reason})` };
}
