/**
 * The kinds of trouble that a schedule has.
 */
import type { Random } from '../request/random.ts';

export interface Profile {
  /** The most that a way to the hub or back takes, in ms. */
  readonly delay: number;
  /** True where that is more than a node waits for. */
  readonly isTooSlow: boolean;
  /** One in so many messages is lost; 0 is none. */
  readonly lost: number;
  /** True where nodes are cut off, or the hub is gone, for a while. */
  readonly hasOutages: boolean;
  readonly hasDeaths: boolean;
  /** True where logs lose their end, or all. */
  readonly losesLogs: boolean;
  /** True where the clocks of nodes are off. */
  readonly isSkewed: boolean;
  /** True where upstreams fail, break off, or say that an answer is for one alone. */
  readonly hasBadAnswers: boolean;
  readonly hasPurges: boolean;
  readonly hasRefreshes: boolean;
  readonly hasLeavers: boolean;
}

export const CALM: Profile = {
  delay: 4,
  isTooSlow: false,
  lost: 0,
  hasOutages: false,
  hasDeaths: false,
  losesLogs: false,
  isSkewed: false,
  hasBadAnswers: false,
  hasPurges: false,
  hasRefreshes: false,
  hasLeavers: false,
};

/** Tests whether at most one call is made for each question. */
export function isCalm(profile: Profile): boolean {
  return profile === CALM;
}

export function profileOf(random: Random): Profile {
  if (random.once(4)) return CALM;
  const once = (times: number) => random.once(times);
  const delay = random.pick([4, 4, 20, 40]);
  return {
    delay,
    isTooSlow: delay > 20,
    lost: random.pick([0, 0, 40, 12]),
    hasOutages: once(3),
    hasDeaths: once(3),
    losesLogs: once(6),
    isSkewed: once(6),
    hasBadAnswers: once(3),
    hasPurges: once(2),
    hasRefreshes: once(3),
    hasLeavers: once(3),
  };
}
