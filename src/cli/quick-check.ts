/**
 * A process that reads a database file through, changes nothing, and tells how
 * it is. `check-disk` starts it, and ends it when it takes too long.
 */
import { SCHEMA_VERSION } from '../store/sqlite-schema.ts';
import { failureOf, isDamage } from '../store/sqlite-failure.ts';
import { openReadOnly } from '../store/read-only.ts';

export type Health =
  | { readonly kind: 'sound' }
  | { readonly kind: 'other-version'; readonly version: number; readonly own: number }
  | { readonly kind: 'damaged' | 'unreadable'; readonly reason: string };

function examine(path: string): Health {
  try {
    const database = openReadOnly(path);
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    const result = String(database.prepare('PRAGMA quick_check(1)').get()?.quick_check);
    if (result !== 'ok') return { kind: 'damaged', reason: result };
    return version === SCHEMA_VERSION ? { kind: 'sound' } : { kind: 'other-version', version, own: SCHEMA_VERSION };
  } catch (error) {
    return { kind: isDamage(error) ? 'damaged' : 'unreadable', reason: failureOf(error).code };
  }
}

process.once('message', (path: string) => {
  process.send?.(examine(path));
  process.disconnect();
});
