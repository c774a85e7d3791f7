/**
 * A cassette that cannot be read: where, and what was expected there.
 */
export class CassetteError extends Error {
  override readonly name = 'CassetteError';
  /** From 1 on. */
  readonly line: number;

  /** @param expected goes on with "expected" */
  constructor(file: string, line: number, expected: string) {
    super(`${file}:${line}: expected ${expected}`);
    this.line = line;
  }
}
