/**
 * What a writer that is to be killed does, deed by deed, told by its number
 * alone: so that whoever reads the file afterwards knows what must be in it.
 */
import type { Entry } from '../../src/response/entry.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf, textOf } from './entries.ts';

/** Deeds that are committed together; each is about another key. */
export const BATCH = 8;
const KEYS = 48;

const keyOf = (deed: number) => `key ${deed % KEYS}`;
/** As much as fills the write-ahead log every few batches, so that it is often written back. */
const entryAt = (deed: number): Entry =>
  entryOf(textOf(deed, (deed * 7_919) % 60_000), { answerId: `id of ${keyOf(deed)}` });

const kindOf = (deed: number) => (deed % 11 === 10 ? 'delete' : deed % 13 === 12 ? 'delete the answer' : 'set');

export function perform(store: Pick<SqliteStore, 'set' | 'delete' | 'deleteAnswer'>, deed: number): void {
  const kind = kindOf(deed);
  if (kind === 'set') store.set(keyOf(deed), entryAt(deed));
  else if (kind === 'delete') store.delete(keyOf(deed));
  else store.deleteAnswer(`id of ${keyOf(deed)}`);
}

/** Every key there can be, with what it holds once this many deeds are done. */
export function stateAfter(deeds: number): Map<string, Entry | undefined> {
  const last = new Map<string, number>();
  for (let deed = 0; deed < KEYS; deed += 1) last.set(keyOf(deed), -1);
  for (let deed = Math.max(0, deeds - KEYS); deed < deeds; deed += 1) last.set(keyOf(deed), deed);
  return new Map(
    Array.from(last, ([key, deed]) => [key, deed < 0 || kindOf(deed) !== 'set' ? undefined : entryAt(deed)]),
  );
}
