/**
 * The header fields of a request by lower-case name, every value kept: a map
 * that Node has already merged would hide a second credential.
 */
export type HeaderFields = ReadonlyMap<string, readonly string[]>;

/** Headers that describe one hop (RFC 9110, 7.6.1), by lower-case name. */
export const HOP_BY_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
];

/** @param raw names and values in turn, as received */
export function readHeaderFields(raw: readonly string[]): HeaderFields {
  const fields = new Map<string, string[]>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    const values = fields.get(name);
    if (values) values.push(raw[at + 1] as string);
    else fields.set(name, [raw[at + 1] as string]);
  }
  return fields;
}

export function valuesOf(fields: HeaderFields, name: string): readonly string[] {
  return fields.get(name) ?? [];
}

/** All values of a header as one list (RFC 9110, 5.3), or nothing. */
export function valueOf(fields: HeaderFields, name: string): string | undefined {
  return fields.get(name)?.join(', ');
}
