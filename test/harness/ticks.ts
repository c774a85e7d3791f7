/**
 * Time as this process is given it: ticks of a timer, of which a busy machine
 * skips some. A promise of so many milliseconds can be held to it, where the
 * time on the wall would hold the machine to it as well.
 */
const TICK_MS = 50;

/** @returns how long it has been since this was called, in ms */
export function countTicks(): () => number {
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), TICK_MS).unref();
  return () => {
    clearInterval(timer);
    return ticks * TICK_MS;
  };
}
