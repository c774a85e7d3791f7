/**
 * The pace at which a stored answer is played: all at once, as it once arrived, or so many events per second.
 */
import { z } from 'zod';
import type { ValueType } from './setting.ts';

/** A number is events per second. */
export type Pace = 'instant' | 'recorded' | number;

/** A slower one would pass for a stream that hangs. */
const SLOWEST = 0.01;
/** Beyond a timer's millisecond by far. */
const FASTEST = 1_000_000;

/** Reads `40/s` as 40, and leaves the words as they are. */
function inEvents(value: unknown): unknown {
  const [, events] = (typeof value === 'string' && /^(\d{1,7}(?:\.\d{1,3})?)\/s$/.exec(value)) || [];
  return events === undefined ? value : Number(events);
}

export const pace: ValueType<Pace> = {
  schema: z.preprocess(
    inEvents,
    z.union([z.literal('instant'), z.literal('recorded'), z.number().min(SLOWEST).max(FASTEST)]),
  ),
  allowed: 'instant, recorded, or a number of events per second such as 40/s',
};
