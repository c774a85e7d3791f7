/** The known name that takes the fewest edits (Levenshtein) to reach from `name`; of several, one that it begins. */
export function nearest(name: string, known: readonly string[]): string {
  const begun = (candidate: string) => (candidate.startsWith(name) ? 0.5 : 0);
  const ranked = known.map((candidate) => ({ candidate, edits: distance(name, candidate) - begun(candidate) }));
  return ranked.reduce((best, next) => (next.edits < best.edits ? next : best)).candidate;
}

function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 0; line < from.length; line += 1) {
    const next = [line + 1];
    for (let column = 0; column < to.length; column += 1) {
      const replaced = row[column]! + (from[line] === to[column] ? 0 : 1);
      next.push(Math.min(replaced, row[column + 1]! + 1, next[column]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
