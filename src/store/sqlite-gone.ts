/**
 * The things thrown away, in an open database, so that all who write to it
 * learn of them: numbered, each row with its writer, the last of them kept. A
 * process that was away for longer than they reach back takes everything for gone.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Gone } from './gone.ts';
import { hasTable } from './sqlite-database.ts';

/** How many rows are kept: more than are made while somebody who is alive does not look. */
const KEPT_ROWS = 20_000;
/** How many are reported in one go. */
const AT_ONCE = 1_000;

const EVERYTHING: Gone = { purge: {} };

/** The things that others threw away, and the number to go on behind. */
export interface GoneSince {
  readonly gone: readonly Gone[];
  readonly last: number;
}

export class SqliteGone {
  readonly #writer: string;
  readonly #dataVersion: StatementSync;
  readonly #statements: ReturnType<typeof prepare> | null;
  #version: number;

  /** @param writer whose rows are no news */
  constructor(database: DatabaseSync, writer: string) {
    this.#writer = writer;
    this.#dataVersion = database.prepare('PRAGMA data_version');
    this.#version = this.#versionNow();
    this.#statements = hasTable(database, 'gone') ? prepare(database) : null;
  }

  /** Tests whether another connection has written since the last look. */
  hasNews(): boolean {
    const version = this.#versionNow();
    const isNew = version !== this.#version;
    this.#version = version;
    return isNew;
  }

  /** The number of the newest row. */
  get last(): number {
    return (this.#statements?.last.get()?.last as number | null | undefined) ?? 0;
  }

  /** Within the transaction of the batch itself. */
  note(gone: readonly Gone[]): void {
    for (const each of gone) this.#statements?.add.run(this.#writer, JSON.stringify(each));
    this.#statements?.trim.run(this.last - KEPT_ROWS);
  }

  /** @param seen the number of the last row that was reported */
  since(seen: number): GoneSince {
    const { last } = this;
    if (this.#statements === null || last === seen) return { gone: [], last };
    // Numbers only grow: it is another file, which got the number of the one that was there.
    if (last < seen) return this.since(0);
    const first = this.#statements.first.get()?.first as number;
    if (first > seen + 1 && seen > 0) return { gone: [EVERYTHING], last };
    const rows = this.#statements.since.all(seen, this.#writer, AT_ONCE + 1);
    if (rows.length > AT_ONCE) return { gone: [EVERYTHING], last };
    return { gone: rows.map(({ what }) => readGone(what)), last };
  }

  #versionNow(): number {
    return this.#dataVersion.get()?.data_version as number;
  }
}

function prepare(database: DatabaseSync) {
  return {
    add: database.prepare('INSERT INTO gone (writer, what) VALUES (?, ?)'),
    trim: database.prepare('DELETE FROM gone WHERE id <= ?'),
    first: database.prepare('SELECT min(id) AS first FROM gone'),
    last: database.prepare('SELECT max(id) AS last FROM gone'),
    since: database.prepare('SELECT what FROM gone WHERE id > ? AND writer <> ? ORDER BY id LIMIT ?'),
  } satisfies Record<string, StatementSync>;
}

/** Takes what cannot be read any more for everything: in doubt, nothing goes on being served. */
function readGone(text: unknown): Gone {
  try {
    const gone = JSON.parse(text as string) as Partial<Record<'key' | 'answerId' | 'purge', unknown>>;
    const isKnown = gone.key !== undefined || gone.answerId !== undefined || gone.purge !== undefined;
    return isKnown ? (gone as Gone) : EVERYTHING;
  } catch {
    return EVERYTHING;
  }
}
