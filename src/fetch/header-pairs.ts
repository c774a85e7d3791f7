/** A list of names and values in turn, as pairs, which is how `Headers` takes them. */
export function headerPairs(list: readonly string[]): [string, string][] {
  return Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at] as string, list[2 * at + 1] as string]);
}
