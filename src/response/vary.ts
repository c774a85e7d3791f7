/**
 * `Vary` (RFC 9110, 12.5.5): by which headers of a request the answer was chosen.
 */
import { type Head, headerOf } from './entry.ts';

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/**
 * Lower-case names, each once; `*` among them stands for more than headers, and for what is no name: nobody knows what
 * its sender meant. Some write semicolons or spaces between them.
 */
export function variesBy({ headers }: Head): readonly string[] {
  const value = headerOf(headers, 'vary');
  if (value === undefined) return [];
  const names = value.toLowerCase().split(/[\s,;]+/);
  return [...new Set(names.filter((name) => name !== '').map((name) => (NAME.test(name) ? name : '*')))];
}

/** Tests whether no request matches this answer but the one that it was given to. */
export function variesByMore(head: Head): boolean {
  return variesBy(head).includes('*');
}
