/**
 * Plays schedules of fleets one after the other until one does not hold.
 */
import type { Seeds } from '../flight/play.ts';
import type { Play } from '../flight/schedules.ts';
import { unhandledRejections } from '../flight/unhandled-rejections.ts';
import { runSchedule } from './schedule.ts';

export const FLEETS: Play = { play, player: new URL('./player.ts', import.meta.url) };

/** @returns what was found not to hold, or null */
export async function play({ first, count }: Seeds): Promise<string | null> {
  const none = unhandledRejections();
  const { stackTraceLimit } = Error;
  // Nobody reads the stacks of the failures that are had here by the million.
  Error.stackTraceLimit = 0;
  let found: string | null = null;
  for (let seed = first; seed < first + count && found === null; seed++) found = await runSchedule(seed);
  Error.stackTraceLimit = stackTraceLimit;
  const [rejection] = none();
  return found ?? (rejection === undefined ? null : `nobody heard of ${rejection}`);
}
