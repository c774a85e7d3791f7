/**
 * Marks that tell which case a byte belongs to, with a check digit of their
 * own, so that damage makes no mark into another case's.
 */
const MARK = /case-(\d+)-([0-9a-z]+)-/g;

export function markOf(id: number): string {
  return `case-${id}-${checkOf(id)}-`;
}

/** The cases whose marks stand in these bytes. */
export function marksIn(bytes: Buffer): number[] {
  const found = [...bytes.toString('latin1').matchAll(MARK)].filter(([, id, check]) => checkOf(Number(id)) === check);
  return [...new Set(found.map(([, id]) => Number(id)))];
}

function checkOf(id: number): string {
  return (Math.imul(id + 1, 0x9e3779b1) >>> 0).toString(36);
}
