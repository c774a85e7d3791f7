/**
 * Names answers without holding the event loop: short bodies at once, long ones
 * on a thread of their own, which is started for the first of them.
 */
import { extname } from 'node:path';
import { Piscina } from 'piscina';
import type { WhyNotAsk } from './ask.ts';
import type { Parts } from './fingerprint.ts';
import type { Form } from './form.ts';
import { nameAnswer, type Naming, type Occasion } from './naming.ts';
import type { Candidate, Nearest } from './nearest.ts';

/** `unnamed`: too many long bodies wait for their names, or the thread failed. */
export type WhyNotNamed = WhyNotAsk | 'unnamed';

export interface Namer {
  name(occasion: Occasion, body: Buffer): Naming | WhyNotAsk | Promise<Naming | WhyNotNamed>;
  /** On the thread in any case; null too where that fails. */
  nearest(parts: Parts, form: Form, candidates: readonly Candidate[]): Promise<Nearest | null>;
  close(): Promise<void>;
}

/** The longest body, in bytes, that is named at once: at most 50 ms, whatever it holds. */
const SHORT = 128 * 1024;

/** How many tasks may wait; each holds its body in memory meanwhile. */
const MAX_WAITING = 64;

const IDLE_MS = 60_000;

/** `.ts` in the source tree, `.js` where it was built. */
const WORKER = new URL(`./naming.worker${extname(import.meta.url)}`, import.meta.url);

export function createNamer(): Namer {
  let threads: Piscina | undefined;
  const run = async (name: string, task: unknown) => {
    threads ??= new Piscina({ filename: WORKER.href, minThreads: 0, maxThreads: 1, maxQueue: MAX_WAITING, idleTimeout: IDLE_MS, execArgv: [] });
    return threads.run(task, { name });
  };
  return {
    name: (occasion, body) => (body.length <= SHORT ? nameAnswer(occasion, body) : run('name', { occasion, body }).catch(() => 'unnamed')),
    nearest: (parts, form, candidates) => run('nearest', { parts, form, candidates }).catch(() => null),
    close: async () => threads?.destroy(),
  };
}
