/**
 * A process that reads a database file through, changes nothing, and reports
 * how it is. `check-disk` starts it, and ends it when it takes too long.
 */
import { USAGE_VERSION } from '../ledger/usage-tables.ts';
import { openReadOnly } from '../store/read-only.ts';
import { isDamage, NotOursError } from '../store/sqlite-failure.ts';
import { USAGE_MARK, checkMark, STORE_MARK } from '../store/sqlite-mark.ts';
import { SCHEMA_VERSION } from '../store/sqlite-schema.ts';
import { failureOf } from '../thread/failure.ts';

export type Health =
  /**
   * `newest` is when what was kept last was kept, in milliseconds since the epoch; null of the usage ledger, and where
   * there is nothing.
   */
  | { readonly kind: 'sound'; readonly newest: number | null }
  | { readonly kind: 'other-version'; readonly version: number; readonly own: number }
  | { readonly kind: 'foreign' | 'damaged' | 'unreadable'; readonly reason: string };

export interface Examination {
  readonly path: string;
  readonly of: 'store' | 'ledger';
}

const KINDS = {
  store: { mark: STORE_MARK, own: SCHEMA_VERSION },
  ledger: { mark: USAGE_MARK, own: USAGE_VERSION },
} as const;

function examine({ path, of }: Examination): Health {
  const { mark, own } = KINDS[of];
  try {
    checkMark(path, mark);
    const database = openReadOnly(path);
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    const result = String(database.prepare('PRAGMA quick_check(1)').get()?.quick_check);
    if (result !== 'ok') return { kind: 'damaged', reason: result };
    // 0: nobody has written to it yet.
    if (version !== own && version !== 0) return { kind: 'other-version', version, own };
    const newest =
      of === 'store' && version === own
        ? database.prepare('SELECT stored_at AS at FROM entries ORDER BY id DESC LIMIT 1').get()?.at
        : null;
    return { kind: 'sound', newest: typeof newest === 'number' ? newest : null };
  } catch (error) {
    if (error instanceof NotOursError) return { kind: 'foreign', reason: error.message };
    return { kind: isDamage(error) ? 'damaged' : 'unreadable', reason: failureOf(error).code };
  }
}

process.once('message', (examination: Examination) => {
  process.send?.(examine(examination));
  process.disconnect();
});
