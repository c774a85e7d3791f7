/**
 * The name in a `Host` field, and whether it is one of several: a name without
 * a port is one at any, for a port may be mapped on the way.
 */

export interface HostName {
  /** In lower case; an IPv6 address without its brackets. */
  readonly name: string;
  /** Null where it is the one that the scheme says. */
  readonly port: number | null;
}

const FORM = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\\\s]+))(?::([0-9]{1,5}))?$/;

const STANDARD_PORTS: readonly number[] = [80, 443];

/** Null for what is no name. */
export function readName(text: string): HostName | null {
  const [, bracketed, name = bracketed ?? '', port] = FORM.exec(text.toLowerCase()) ?? [];
  return name === '' ? null : { name, port: port === undefined ? null : Number(port) };
}

export function isNamed({ name, port }: HostName, names: readonly string[]): boolean {
  return names.some((text) => {
    const known = readName(text);
    if (known?.name !== name) return false;
    return known.port === null || (port === null ? STANDARD_PORTS.includes(known.port) : port === known.port);
  });
}
