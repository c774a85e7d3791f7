/**
 * A failure in a form that crosses threads.
 */
export interface Failure {
  /** Of SQLite (`SQLITE_FULL`), of the system (`EACCES`), of ours (`THREAD_ENDED`), or the name of the error. */
  readonly code: string;
  readonly message: string;
}

/** https://www.sqlite.org/rescode.html */
const SQLITE_CODES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  26: 'SQLITE_NOTADB',
};

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  const { code, errcode } = error as Error & { code?: unknown; errcode?: number };
  const { name, message } = error;
  // The low byte is the primary code; what is above it says more than an operator needs.
  if (errcode !== undefined) return { code: SQLITE_CODES[errcode & 0xff] ?? `SQLITE_${errcode}`, message };
  return { code: typeof code === 'string' ? code : name, message };
}
