/**
 * One content block of a message, put together from its start and its deltas.
 */
import { type KnownMembers, readKnown, textOf } from './known-members.ts';
import { BLOCK_MEMBERS } from './message-members.ts';
import { refuse, refuseIf } from './refusal.ts';
import { readSource } from './source.ts';
import type { SourceValue } from './source-value.ts';
import { writeObject } from './written.ts';

interface DeltaKind {
  /** The type of block that it goes on with. */
  readonly block: string;
  /** The member of the delta. */
  readonly said: string;
  /** The member of the block. */
  readonly member: string;
}

/** The deltas that are understood, by type. */
const DELTAS: ReadonlyMap<string, DeltaKind> = new Map([
  ['"text_delta"', { block: '"text"', said: 'text', member: 'text' }],
  ['"citations_delta"', { block: '"text"', said: 'citation', member: 'citations' }],
  ['"thinking_delta"', { block: '"thinking"', said: 'thinking', member: 'thinking' }],
  ['"signature_delta"', { block: '"thinking"', said: 'signature', member: 'signature' }],
  ['"input_json_delta"', { block: '"tool_use"', said: 'partial_json', member: 'input' }],
]);

export class MessageBlock {
  readonly #type: string;
  readonly #start: KnownMembers;
  /** The values that deltas have said, by the block's member. */
  readonly #said = new Map<string, SourceValue[]>();

  constructor(block: SourceValue | undefined) {
    const type = block?.values[block.names.indexOf('type')]?.text ?? '';
    const known = BLOCK_MEMBERS.get(type);
    if (block === undefined || known === undefined) refuse('a block of a type that is not known');
    this.#type = type;
    this.#start = readKnown(block, known);
  }

  add(delta: SourceValue | undefined): void {
    if (delta === undefined) refuse('a delta without anything');
    const type = delta.values[delta.names.indexOf('type')]?.text ?? '';
    const kind = DELTAS.get(type) ?? refuse('a delta of a type that is not known');
    refuseIf(kind.block !== this.#type, 'a delta for a block of another type');
    const value = readKnown(delta, new Set(['type', kind.said])).get(kind.said) ?? refuse('a delta without anything');
    const said = this.#said.get(kind.member) ?? [];
    this.#said.set(kind.member, said);
    said.push(value);
  }

  write(): string {
    const members = new Map<string, string>([...this.#start].map(([name, { text }]) => [name, text]));
    for (const [name, said] of this.#said) members.set(name, join(name, this.#start.get(name), said));
    return writeObject(...members);
  }
}

/** All that was said of one member. */
function join(name: string, start: SourceValue | undefined, said: readonly SourceValue[]): string {
  switch (name) {
    case 'citations':
      return joinList(start, said);
    case 'input':
      return joinInput(start, said);
    case 'signature':
      // Clients take the last one for the whole.
      refuseIf(said.length > 1 || (start !== undefined && start.text !== '""'), 'a signature in pieces');
      return textOf(said[0]);
    default:
      return joinText([...(start ? [start] : []), ...said]);
  }
}

function joinText(pieces: readonly SourceValue[]): string {
  return `"${pieces.map((piece) => textOf(piece).slice(1, -1)).join('')}"`;
}

function joinList(start: SourceValue | undefined, items: readonly SourceValue[]): string {
  const before = start === undefined || start.kind === 'null' ? [] : start.values;
  return `[${[...before, ...items].map(({ text }) => text).join(',')}]`;
}

/** The input of a call comes as the text of its JSON; of an empty one nothing comes. */
function joinInput(start: SourceValue | undefined, pieces: readonly SourceValue[]): string {
  const text = JSON.parse(joinText(pieces)) as string;
  if (text === '') return start?.text ?? '{}';
  refuseIf(start !== undefined && (start.kind !== 'object' || start.names.length > 0), 'an input that is there twice');
  refuseIf(!text.isWellFormed(), 'half of a character');
  const input = readSource(text);
  refuseIf(input.kind !== 'object', 'an input that is no object');
  return input.text;
}
