/**
 * The content coding of a message (RFC 9110, 8.4), by its `Content-Encoding`; null where there is none.
 */

/** Words for no coding at all: servers send them to keep middleware from compressing a stream, or mean a charset. */
const NO_CODING: ReadonlySet<string> = new Set(['', 'identity', 'none', 'utf-8', 'utf8']);

/** @returns one name in lower case, or several with commas between them */
export function codingOf(value: string | undefined): string | null {
  if (value === undefined) return null;
  const codings = value.split(',').map((name) => name.trim().toLowerCase());
  return codings.filter((name) => !NO_CODING.has(name)).join(', ') || null;
}
