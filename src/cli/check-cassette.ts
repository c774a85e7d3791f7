/**
 * The doctor on the cassette that is the store: can it be read, and where will what is recorded go. Nothing is changed.
 */
import { CassetteError } from '../cassette/cassette-error.ts';
import { readCassette } from '../cassette/cassette-file.ts';
import { isThere } from '../cassette/cassette-paths.ts';
import { reasonOf } from '../errors.ts';
import { type CheckResult, failure, ok, warning } from '../admin/findings.ts';

/** @param isOffline nothing is recorded */
export function checkCassette(path: string, isOffline: boolean): CheckResult {
  try {
    if (isThere(path)) return ok(`${path} is sound, and holds ${readCassette(path).documents.length} exchanges`);
  } catch (error) {
    const reason = error instanceof CassetteError ? error.message : `${path} cannot be read (${reasonOf(error)})`;
    return failure(reason, 'a start is refused; correct it, restore it, or name another with --cassette');
  }
  if (!isOffline) return ok(`${path} is not there yet, and will be made`);
  return warning(`${path} is not there, so that no request is answered`, 'record it, or correct --cassette');
}
