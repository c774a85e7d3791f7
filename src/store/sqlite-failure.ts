/**
 * The failures of the database file, and what each asks for:
 * damage asks for a fresh file, all else for another try later.
 */
import { type Failure, failureOf } from '../thread/failure.ts';

/** A database that this version did not lay out. */
export class OtherSchemaError extends Error {
  readonly code = 'OTHER_SCHEMA';

  constructor(version: unknown) {
    super(`the schema version is ${version}`);
  }
}

/** The path holds something of somebody else's. */
export class NotOursError extends Error {
  readonly code = 'NOT_OURS';
}

const SQLITE_IOERR_SHORT_READ = 522;

/**
 * Codes that only a damaged or foreign file can cause. The statements are
 * fixed, so that SQLITE_ERROR means a table that is not ours, a constraint an
 * index that disagrees with its table, and a number out of range a flipped bit.
 */
const DAMAGE = [
  'OTHER_SCHEMA',
  'SQLITE_CORRUPT',
  'SQLITE_NOTADB',
  'SQLITE_ERROR',
  'SQLITE_CONSTRAINT',
  'ERR_OUT_OF_RANGE',
];

export function isDamage(error: unknown): boolean {
  return DAMAGE.includes(failureOf(error).code) || (error as { errcode?: unknown }).errcode === SQLITE_IOERR_SHORT_READ;
}

/** Codes of a place that may not be written; what is there may still be read. */
const UNWRITABLE = ['SQLITE_READONLY', 'SQLITE_CANTOPEN', 'EROFS', 'EACCES', 'EPERM'];

export function isUnwritable(error: unknown): boolean {
  return UNWRITABLE.includes(failureOf(error).code);
}

/** Tests whether a file is not to be used at all: a start over it is refused. */
export function isRefusal({ code }: Failure): boolean {
  return code === 'NOT_OURS' || code === 'OPEN_TO_OTHERS';
}

/** The advice to an operator. */
export function adviceOn({ code }: Failure): string {
  switch (code) {
    case 'SQLITE_FULL':
    case 'ENOSPC':
    case 'EDQUOT':
      return 'free some disk space';
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return 'another process holds the file: end it, or give this one a file of its own';
    case 'SQLITE_READONLY':
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return 'make the file and its directory writable for this user';
    case 'SQLITE_CANTOPEN':
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EEXIST':
      return 'make the path one where a file can be created';
    case 'NOT_OURS':
      return 'choose another path with --store-path, or move away what is there';
    case 'OPEN_TO_OTHERS':
      return 'make it readable for its owner alone';
    case 'STALLED':
    case 'SQLITE_IOERR':
      return 'check the disk';
    default:
      return 'see the reason';
  }
}
