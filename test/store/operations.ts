/**
 * The operations of a writer that is to be killed, each determined by its number
 * alone: so that a reader of the file knows afterwards what must be in it.
 */
import type { Entry } from '../../src/response/entry.ts';
import type { SqliteStore } from '../../src/store/sqlite.ts';
import { entryOf, textOf } from './entries.ts';

/** Operations that are committed together; each is about another key. */
export const BATCH = 8;
const KEYS = 48;

const keyOf = (operation: number) => `key ${operation % KEYS}`;
/** As much as fills the write-ahead log every few batches, so that it is often written back. */
const entryAt = (operation: number): Entry =>
  entryOf(textOf(operation, (operation * 7_919) % 60_000), { answerId: `id of ${keyOf(operation)}` });

const kindOf = (operation: number) =>
  operation % 11 === 10 ? 'delete' : operation % 13 === 12 ? 'delete the answer' : 'set';

export function perform(store: Pick<SqliteStore, 'set' | 'delete' | 'deleteAnswer'>, operation: number): void {
  const kind = kindOf(operation);
  if (kind === 'set') store.set(keyOf(operation), entryAt(operation));
  else if (kind === 'delete') store.delete(keyOf(operation));
  else store.deleteAnswer(`id of ${keyOf(operation)}`);
}

/** Every key there can be, with what it holds once this many operations are done. */
export function stateAfter(operations: number): Map<string, Entry | undefined> {
  const last = new Map<string, number>();
  for (let operation = 0; operation < KEYS; operation += 1) last.set(keyOf(operation), -1);
  for (let operation = Math.max(0, operations - KEYS); operation < operations; operation += 1)
    last.set(keyOf(operation), operation);
  return new Map(
    Array.from(last, ([key, operation]) => [
      key,
      operation < 0 || kindOf(operation) !== 'set' ? undefined : entryAt(operation),
    ]),
  );
}
