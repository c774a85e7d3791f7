/**
 * Headers that go no further than one hop (RFC 9110, 7.6.1), and those that are
 * ours alone. Neither crosses, in either direction.
 */
import { HOP_BY_HOP } from '../request/header-fields.ts';
import { headerOf, type RawHeaders } from '../response/entry.ts';

const HOP: ReadonlySet<string> = new Set(HOP_BY_HOP);

/** @param named what `Connection` declares to be of its hop */
export function isHop(name: string, named: ReadonlySet<string>): boolean {
  return HOP.has(name) || named.has(name);
}

/** Our controls on the way up, our marks on the way down: those of another Refrain are its own affair. */
export function isOwn(name: string): boolean {
  return name.startsWith('x-refrain-') || name === 'x-cache';
}

/** The headers that `Connection` declares to be of this hop alone. */
export function connectionNames(raw: RawHeaders): ReadonlySet<string> {
  return new Set((headerOf(raw, 'connection') ?? '').split(',').map((name) => name.trim().toLowerCase()));
}
