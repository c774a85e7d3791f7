/**
 * `Vary` (RFC 9110, 12.5.5): by which headers of a request the answer was chosen.
 */
import { type Head, headerOf } from './entry.ts';

/** Lower-case names, each once; `*` among them stands for more than headers. */
export function variesBy({ headers }: Head): readonly string[] {
  const value = headerOf(headers, 'vary');
  if (value === undefined) return [];
  return [...new Set(value.split(',').map((name) => name.trim().toLowerCase()))].filter((name) => name !== '');
}

/** Tests whether no request matches this answer but the one that it was given to. */
export function variesByMore(head: Head): boolean {
  return variesBy(head).includes('*');
}
