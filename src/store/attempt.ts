/**
 * Calls of a store that may throw, against its contract: it is passed over then.
 */

/** The result of `act`; undefined where it throws. */
export function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** The value that `act` resolves with; undefined where it throws or rejects. */
export async function settled<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch {
    return undefined;
  }
}
