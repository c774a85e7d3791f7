/**
 * JSON Pointers (RFC 6901): the names on the way to a value.
 */

/** The names that a pointer is made of, as they stand in the document. */
export function segmentsOf(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer of a header in a request that is written down. @param entry `header:NAME` */
export function headerPointer(entry: string): string {
  return `/headers/${tokenOf(entry.slice('header:'.length))}`;
}

/** The pointer of a header or a field in a request that is written down. @param name `header:NAME`, or a pointer */
export function pointerInRequest(name: string): string {
  return name.startsWith('/') ? `/body${name}` : headerPointer(name);
}

/** A name as it is written in a pointer. */
export function tokenOf(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
