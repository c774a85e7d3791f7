/**
 * The entries of a file that no proxy uses, told as a store that is open tells
 * of them. Nothing in the file changes, not even what is damaged.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Entry } from '../response/entry.ts';
import type { Listing, EntryRows, EntryRow } from './listing.ts';
import { openReadOnly } from './read-only.ts';
import { SqliteCatalogue } from './sqlite-catalogue.ts';
import { checkVersion } from './sqlite-database.ts';
import { checkMark, STORE_MARK } from './sqlite-mark.ts';
import { SqlitePurges } from './sqlite-purges.ts';
import { entryOf, LABEL_COLUMNS } from './sqlite-rows.ts';
import { SCHEMA_VERSION } from './sqlite-schema.ts';
import { listInSlices } from './sqlite-slices.ts';
import type { Catalogue } from './catalogue.ts';

export class SqliteReader implements Pick<Catalogue, 'list' | 'listByPrefix' | 'read'> {
  readonly #database: DatabaseSync;
  readonly #purges: SqlitePurges;
  readonly #catalogue: SqliteCatalogue;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    checkVersion(database, SCHEMA_VERSION);
    this.#purges = new SqlitePurges(database);
    this.#catalogue = new SqliteCatalogue(database, (row) => this.#purges.has(row));
  }

  /** @throws what SQLite throws, OtherSchemaError or NotOursError */
  static open(path: string): SqliteReader {
    checkMark(path, STORE_MARK);
    return new SqliteReader(openReadOnly(path));
  }

  async list(listing: Listing): Promise<EntryRows> {
    // Each slice is answered, so that there is a page.
    return (await listInSlices(
      async (slice) => this.#catalogue.list(slice),
      listing,
      () => false,
    )) as EntryRows;
  }

  async listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[]> {
    return this.#catalogue.listByPrefix(prefix, limit);
  }

  async read(key: string): Promise<Entry | undefined> {
    const row = this.#database
      .prepare(`SELECT id, ${LABEL_COLUMNS}, frame, parts, prompt FROM entries JOIN answers USING (id) WHERE key = ?`)
      .get(key);
    return row === undefined || this.#purges.has(row) ? undefined : entryOf(key, row);
  }

  close(): void {
    this.#database.close();
  }
}
