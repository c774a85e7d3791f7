/**
 * The key that another dialect would make: `engine` leaves out all that any leaves out, and so what the upstream's own
 * may have in the key.
 */
import type { Dialect } from '../dialect.ts';
import { Author } from './author.ts';
import { below, type Ignored } from './canonical.ts';
import { segmentsOf } from './json-pointer.ts';
import type { Omissions, OmissionsByDialect } from './omissions.ts';
import { type JsonTree, readTree } from './tree.ts';

/** A place in a request that is in its key. */
export interface KeyedPlace {
  /** That of the upstream. */
  readonly dialect: Dialect;
  /** As a difference has it; `*` for what the client wrote. */
  readonly pointer: string;
  /** The text of the request's body in its key. */
  readonly body: string | undefined;
}

/** Tests whether `engine` would leave it out, and the dialect of the upstream does not. */
export function isLeftOutByEngine(omissions: OmissionsByDialect, { dialect, pointer, body }: KeyedPlace): boolean {
  const [place, ...path] = segmentsOf(pointer);
  const isLeftOut = ({ bodyWithIds, isIgnoredHeader }: Omissions) =>
    place === 'headers' ? isIgnoredHeader(path[0] ?? '') : place === 'body' && isIgnored(bodyWithIds, path, body);
  return isLeftOut(omissions.engine) && !isLeftOut(omissions[dialect]);
}

function isIgnored(ignored: Ignored, path: readonly string[], body = ''): boolean {
  let inner: Ignored | true | 'authored' | undefined = ignored;
  for (const segment of path) {
    if (!(inner instanceof Map)) break;
    inner = below(inner, segment);
  }
  return inner === true || (inner === 'authored' && isAuthored(path, body));
}

/** Tests whether the client wrote the item of a list at this path itself, by its text in the key. */
function isAuthored([list = '', index = '']: readonly string[], body: string): boolean {
  if (index === '*') return true;
  const item = body.startsWith('json:') ? itemOf(readTree(body.slice('json:'.length)).tree, list, index) : undefined;
  const author = new Author();
  for (const [name, { text }] of item?.members ?? []) author.note(name, text, false);
  // One that has no id may differ from one that has.
  author.note('id', '', true);
  return item !== undefined && author.own.length > 0;
}

function itemOf({ members }: JsonTree, list: string, index: string): JsonTree | undefined {
  return members?.get(list)?.items?.[Number(index)];
}
