/**
 * The items of a response that are understood. Those of tools that the server runs are not among them.
 */
import { type KnownMembers, readKnown, textOf } from './known-members.ts';
import { refuse, refuseIf } from './refusal.ts';
import { memberOf, type SourceValue } from './source-value.ts';

export type ItemType = 'message' | 'function_call' | 'custom_tool_call' | 'reasoning';

const COMMON = ['id', 'type', 'status'];

const MEMBERS: Readonly<Record<ItemType, ReadonlySet<string>>> = {
  message: new Set([...COMMON, 'role', 'content', 'phase']),
  function_call: new Set([...COMMON, 'call_id', 'name', 'arguments']),
  custom_tool_call: new Set([...COMMON, 'call_id', 'name', 'input']),
  reasoning: new Set([...COMMON, 'summary', 'content', 'encrypted_content']),
};

export interface KnownItem {
  readonly type: ItemType;
  readonly members: KnownMembers;
}

/** @throws Refusal for an item that is not known to the last of its members, or that clients cannot name */
export function readItem(item: SourceValue): KnownItem {
  const type = textOf(memberOf(item, 'type')).slice(1, -1);
  if (!isKnown(type)) return refuse('an item of a type that is not known');
  const members = readKnown(item, MEMBERS[type]);
  refuseIf(textOf(members.get('id')) === '""', 'an item without an id');
  if (type.endsWith('_call')) refuseIf(textOf(members.get('call_id')) === '""', 'a call without an id');
  return { type, members };
}

function isKnown(type: string): type is ItemType {
  return Object.hasOwn(MEMBERS, type);
}
