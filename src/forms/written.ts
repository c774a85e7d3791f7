/**
 * JSON, written from slices of JSON.
 */
import type { SourceValue } from './source-value.ts';

/** A name and the text of its value; undefined leaves the member out. */
export type WrittenMember = readonly [name: string, text: string | undefined];

/** The members of an object, without its braces. */
export function writeMembers(members: Iterable<WrittenMember>): string {
  const texts: string[] = [];
  for (const [name, text] of members) if (text !== undefined) texts.push(`${JSON.stringify(name)}:${text}`);
  return texts.join(',');
}

export function writeObject(...members: readonly WrittenMember[]): string {
  return `{${writeMembers(members)}}`;
}

/** The members of an object as they stand, for others to stand beside them. */
export function membersOf({ names, values }: SourceValue): WrittenMember[] {
  return names.map((name, at) => [name, (values[at] as SourceValue).text]);
}

/** An object whose members stand as they are but for these, where it has them; undefined leaves one out. */
export function writeChanged(object: SourceValue, changes: Readonly<Record<string, string | undefined>>): string {
  return writeObject(
    ...membersOf(object).map(
      ([name, text]): WrittenMember => [name, Object.hasOwn(changes, name) ? changes[name] : text],
    ),
  );
}

/** One line of text, which an event of a stream has to be. */
export function writeLine(source: SourceValue): string {
  const { kind, text, values } = source;
  if (!/[\n\r]/.test(text)) return text;
  if (kind === 'array') return `[${values.map(writeLine).join(',')}]`;
  return writeObject(...source.names.map((name, at): WrittenMember => [name, writeLine(values[at] as SourceValue)]));
}
