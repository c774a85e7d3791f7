/**
 * Waits, turn by turn of the event loop, until something that no event tells
 * of has happened.
 */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setImmediate(resolve));
}
