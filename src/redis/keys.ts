/**
 * The names of what is kept in Redis.
 *
 *   refrain:1:{FINGERPRINT}:entry:FORM    an answer
 *   refrain:1:{FINGERPRINT}:lease:FORM    leave to lead
 *   refrain:1:{fleet}:NAME                what there is once in a fleet
 *
 * The number is that of this way to write them: another version may run beside.
 * The braces are the hash tag of a cluster: all of one question lies in one
 * slot, where one script reaches it.
 */

const ENTRY = ':entry:';

/** Begins the name of each entry. */
export const ENTRIES = 'refrain:1:{';

export function entryKey(key: string): string {
  return named(key, ENTRY);
}

export function leaseKey(key: string): string {
  return named(key, ':lease:');
}

export function fleetKey(name: string): string {
  return `refrain:1:{fleet}:${name}`;
}

/** The key of the entry of this name; undefined where it is none of an entry. */
export function keyOfEntry(name: string): string | undefined {
  const end = name.indexOf('}');
  if (!name.startsWith(ENTRIES) || !name.startsWith(ENTRY, end + 1)) return undefined;
  const fingerprint = name.slice(ENTRIES.length, end).replaceAll(/%(7D|25|)/g, (_, hex) => UNESCAPED[hex] ?? '');
  return fingerprint + name.slice(end + 1 + ENTRY.length);
}

/** The pattern of `SCAN` that fits the entries whose keys begin so, and perhaps some more. */
export function entriesLike(prefix: string): string {
  const at = formAt(prefix);
  const start = escaped(prefix.slice(0, at)).replaceAll(/[[\]*?\\^]/g, '\\$&');
  return at < prefix.length ? `${ENTRIES}${start || '%'}}${ENTRY}*` : `${ENTRIES}${start}*${ENTRY}*`;
}

const UNESCAPED: Readonly<Record<string, string>> = { '7D': '}', '25': '%' };

function named(key: string, kind: string): string {
  const at = formAt(key);
  return `${ENTRIES}${escaped(key.slice(0, at)) || '%'}}${kind}${key.slice(at)}`;
}

/** A key is a fingerprint and, behind a full stop, a form. */
function formAt(key: string): number {
  const at = key.indexOf('.');
  return at === -1 ? key.length : at;
}

/** A brace would end the hash tag; a lone `%` stands for nothing, since an empty tag is none. */
function escaped(fingerprint: string): string {
  return fingerprint.replaceAll(/[%}]/g, (character) => (character === '}' ? '%7D' : '%25'));
}
