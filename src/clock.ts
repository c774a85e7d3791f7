/**
 * Time as a parameter, so that tests turn it by hand.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch; never less than before. */
  now(): number;
  /**
   * Calls `act` once after `ms` milliseconds; the returned function cancels it.
   * @param isAwaited true where the process is not to end before
   */
  after(ms: number, act: () => void, isAwaited?: boolean): () => void;
}

/** How far apart, in ms, the clocks of two processes over one file may be. */
export const CLOCK_SKEW_MS = 1_000;

export const systemClock: Clock = {
  now: createSteadyTime(Date.now, () => performance.now()),
  after(ms, act, isAwaited = false) {
    const timer = setTimeout(act, ms);
    if (!isAwaited) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** The value of `promise`, or undefined once that has taken longer than `ms` milliseconds. */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>, onLate?: () => void): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => {
      onLate?.();
      resolve(undefined);
    });
    void promise.then(resolve).finally(cancel);
  });
}

/**
 * The time of day, but never back: where the wall clock is set back, time goes
 * on from where it was, since nothing may live past its time; where it is set
 * forward (or the machine slept), time follows.
 *
 * @param wall milliseconds since the epoch, which may jump
 * @param elapsed milliseconds since some moment, which may not
 */
export function createSteadyTime(wall: () => number, elapsed: () => number): () => number {
  let ahead = -Infinity;
  return () => {
    const passed = elapsed();
    ahead = Math.max(ahead, wall() - passed);
    return Math.floor(passed + ahead);
  };
}
