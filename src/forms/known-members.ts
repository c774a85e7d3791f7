/**
 * Objects of a document all of whose members are known by name.
 */
import { refuse, refuseIf } from './refusal.ts';
import type { SourceValue } from './source-value.ts';

/** The members of an object, by name. */
export type KnownMembers = ReadonlyMap<string, SourceValue>;

/** @throws Refusal where one of them is not known */
export function readKnown(object: SourceValue, known: ReadonlySet<string>): KnownMembers {
  refuseIf(object.kind !== 'object', 'no object');
  const members = new Map<string, SourceValue>();
  for (const [at, name] of object.names.entries()) {
    refuseIf(!known.has(name), 'a member that is not known');
    members.set(name, object.values[at] as SourceValue);
  }
  return members;
}

/** The objects of a list. @throws Refusal where it is none */
export function readList(list: SourceValue | undefined): readonly SourceValue[] {
  if (list?.kind !== 'array') refuse('no list');
  return list.values;
}

/** Tests for nothing at all: absent, null, or a list of nothing, which servers write where they have nothing to say. */
export function isNothing(value: SourceValue | undefined): boolean {
  return value === undefined || value.kind === 'null' || (value.kind === 'array' && value.values.length === 0);
}

/** Tests for nothing, or an object all of whose members are nothing. */
export function isEmpty(value: SourceValue | undefined): boolean {
  return isNothing(value) || (value?.kind === 'object' && value.values.every(isEmpty));
}

/** The text of a string. @throws Refusal where it is none */
export function textOf(value: SourceValue | undefined): string {
  if (value?.kind !== 'string') refuse('no text');
  return value.text;
}
