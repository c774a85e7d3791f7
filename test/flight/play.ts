/**
 * Plays schedules one after the other until one does not hold.
 */
import { Schedules } from './schedule.ts';
import { unhandledRejections } from './unhandled-rejections.ts';

/** The seeds from `first` on, so many of them. */
export interface Seeds {
  readonly first: number;
  readonly count: number;
}

/** How many run between two turns of the event loop. */
const BATCH = 100;

/** @returns what was found not to hold, or null */
export async function play({ first, count }: Seeds): Promise<string | null> {
  const none = unhandledRejections();
  const schedules = new Schedules();
  const { stackTraceLimit } = Error;
  // Nobody reads the stacks of the failures that are had here by the million.
  Error.stackTraceLimit = 0;
  let found: string | null = null;
  for (let seed = first; seed < first + count && found === null; seed++) {
    found = await schedules.run(seed);
    if ((seed - first) % BATCH === BATCH - 1) await new Promise(setImmediate);
  }
  await new Promise(setImmediate);
  Error.stackTraceLimit = stackTraceLimit;
  const [rejection] = none();
  return found ?? (rejection === undefined ? null : `nobody heard of ${rejection}`);
}
