/**
 * A place in a list, carried by the client that pages: opaque, and checked when
 * it comes back. It gives no right to anything, so that it is not signed.
 */
import { z } from 'zod';
import { invalidQuery } from './errors.ts';
import type { Position, Sort } from '../store/listing.ts';

const PLACE = z.tuple([z.enum(['newest', 'largest', 'most-used']), z.int().nonnegative(), z.int().nonnegative()]);

export function writeCursor(sort: Sort, { at, id }: Position): string {
  return Buffer.from(JSON.stringify([sort, at, id])).toString('base64url');
}

/** @throws RefrainError `invalid_query` for what is no cursor of this order */
export function readCursor(sort: Sort, cursor: string): Position {
  const [, at = 0, id = 0] = parsePlace(cursor) ?? [];
  if (cursor !== writeCursor(sort, { at, id }))
    throw invalidQuery('cursor', `it must be the "next" of a page that is sorted by ${sort}`);
  return { at, id };
}

function parsePlace(cursor: string): z.output<typeof PLACE> | undefined {
  try {
    return PLACE.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
