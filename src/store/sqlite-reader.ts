/**
 * The entries of a file that no proxy uses, listed as a store that is open lists
 * them. Nothing in the file changes, not even what is damaged.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Entry } from '../response/entry.ts';
import type { Catalogue, Kept } from './catalogue.ts';
import type { Unopened } from './encryption.ts';
import type { EntryRow, EntryRows, Listing } from './listing.ts';
import { openReadOnly } from './read-only.ts';
import { SqliteEntries } from './sqlite-entries.ts';
import { checkMark, STORE_MARK } from './sqlite-mark.ts';
import { RowSealing } from './sqlite-sealing.ts';
import { listInSlices } from './sqlite-slices.ts';

export class SqliteReader implements Pick<Catalogue, 'list' | 'listByPrefix' | 'findByPrefix' | 'read'> {
  readonly #database: DatabaseSync;
  readonly #entries: SqliteEntries;
  /** Why something that was looked at did not open; null where all did. */
  unopened: Unopened | null = null;

  /**
   * @param secret opens what is sealed; null where none is given
   * @throws what SQLite throws, OtherSchemaError or NotOursError
   */
  constructor(path: string, secret: Uint8Array | null) {
    checkMark(path, STORE_MARK);
    this.#database = openReadOnly(path);
    const sealing = new RowSealing(secret && { secret, isOn: false }, (why) => {
      this.unopened = why;
    });
    this.#entries = new SqliteEntries(this.#database, 0, { writer: '', isReadOnly: true, sealing });
  }

  async list(listing: Listing): Promise<EntryRows> {
    const slice = async (part: Listing) => this.#entries.catalogue.list(part);
    // Each slice is answered, so that there is a page.
    return (await listInSlices(slice, listing, () => false)) as EntryRows;
  }

  async listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[]> {
    return this.#entries.catalogue.listByPrefix(prefix, limit);
  }

  async findByPrefix(digits: string): Promise<Kept | undefined> {
    return this.#entries.catalogue.findByPrefix(digits);
  }

  async read(key: string): Promise<Entry | undefined> {
    return this.#entries.read(key);
  }

  close(): void {
    this.#database.close();
  }
}
