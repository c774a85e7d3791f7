/**
 * Tests whether `indices` are the numbers from 0 on, each once, as many as wanted,
 * and not none at all. What has no number takes a place that is left: servers
 * leave it out everywhere, or where it is 0.
 */
export function isNumbered(indices: readonly unknown[], least: number, most: number): boolean {
  const count = indices.length;
  if (count === 0 || count < least || count > most) return false;
  const numbers = new Set<unknown>(Array.from(indices, (_, place) => place));
  return indices.every((index) => index === undefined || index === null || numbers.delete(index));
}
