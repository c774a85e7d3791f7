/**
 * The events of a message of Anthropic's API from its document.
 */
import { type KnownMembers, isNothing, readKnown, readList, textOf } from './known-members.ts';
import {
  BLOCK_MEMBERS,
  ENDING_MEMBERS,
  GROWING_USAGE,
  MESSAGE_MEMBERS,
  STOP_REASONS,
  USAGE_MEMBERS,
} from './message-members.ts';
import { refuse, refuseIf } from './refusal.ts';
import { readSource } from './source.ts';
import { memberOf, type SourceValue } from './source-value.ts';
import { type WrittenMember, writeChanged, writeLine, writeObject } from './written.ts';

type UnfoldedEvent = readonly [type: string, said: readonly WrittenMember[]];

export function unfoldMessage(document: string): readonly string[] {
  const message = readSource(writeLine(readSource(document)));
  const members = readKnown(message, MESSAGE_MEMBERS);
  refuseIf(members.get('type')?.text !== '"message"', 'no message');
  refuseIf(members.get('role')?.text !== '"assistant"', 'a message of somebody else');
  refuseIf(!isNothing(members.get('container')), 'a message from a container');
  refuseIf(!STOP_REASONS.has(members.get('stop_reason')?.text ?? ''), 'a message that may go on');
  const usage = members.get('usage') ?? refuse('an answer that does not say its usage');
  const events: UnfoldedEvent[] = [
    ['message_start', [['message', writeBegun(message, usage)]]],
    ...readList(members.get('content')).flatMap(splitBlock),
    ['message_delta', writeEnd(members, usage)],
    ['message_stop', []],
  ];
  return events.map(
    ([type, said]) => `event: ${type}\ndata: ${writeObject(['type', JSON.stringify(type)], ...said)}\n\n`,
  );
}

/** A message that has said nothing yet. */
function writeBegun(message: SourceValue, usage: SourceValue): string {
  readKnown(usage, USAGE_MEMBERS);
  const counted = writeChanged(usage, {
    output_tokens: '0',
    output_tokens_details: undefined,
    server_tool_use: undefined,
  });
  const unended = Object.fromEntries(ENDING_MEMBERS.map((name) => [name, 'null']));
  return writeChanged(message, { ...unended, content: '[]', usage: counted });
}

function writeEnd(members: KnownMembers, usage: SourceValue): WrittenMember[] {
  const ending = ENDING_MEMBERS.map((name): WrittenMember => [name, members.get(name)?.text]);
  const grown = [...GROWING_USAGE].map((name): WrittenMember => [name, memberOf(usage, name)?.text]);
  return [
    ['delta', writeObject(...ending)],
    ['usage', writeObject(...grown)],
  ];
}

function splitBlock(block: SourceValue, at: number): UnfoldedEvent[] {
  const type = textOf(memberOf(block, 'type'));
  const members = readKnown(block, BLOCK_MEMBERS.get(type) ?? refuse('a block of a type that is not known'));
  const index: WrittenMember = ['index', String(at)];
  const deltas = splitDeltas(type, members).map(
    (said): UnfoldedEvent => ['content_block_delta', [index, ['delta', writeObject(...said)]]],
  );
  return [
    ['content_block_start', [index, ['content_block', writeChanged(block, unbegunOf(type, members))]]],
    ...deltas,
    ['content_block_stop', [index]],
  ];
}

/** The members that are still empty as a block starts. */
function unbegunOf(type: string, members: KnownMembers): Readonly<Record<string, string>> {
  switch (type) {
    case '"text"':
      return { text: '""', ...(!isNothing(members.get('citations')) && { citations: '[]' }) };
    case '"thinking"':
      return { thinking: '""', signature: '""' };
    case '"tool_use"':
      return { input: '{}' };
    default:
      return {};
  }
}

function splitDeltas(type: string, members: KnownMembers): (readonly WrittenMember[])[] {
  switch (type) {
    case '"text"': {
      const citations = members.get('citations');
      const cited = isNothing(citations) ? [] : readList(citations);
      return [
        ...cited.map(({ text }): WrittenMember[] => [
          ['type', '"citations_delta"'],
          ['citation', text],
        ]),
        ...splitText('text', textOf(members.get('text'))),
      ];
    }
    case '"thinking"':
      return [
        ...splitText('thinking', textOf(members.get('thinking'))),
        [
          ['type', '"signature_delta"'],
          ['signature', textOf(members.get('signature'))],
        ],
      ];
    case '"tool_use"': {
      const input = members.get('input');
      if (input?.kind !== 'object') refuse('an input that is no object');
      const json = input.names.length === 0 ? '""' : JSON.stringify(input.text);
      return [
        [
          ['type', '"input_json_delta"'],
          ['partial_json', json],
        ],
      ];
    }
    default:
      return [];
  }
}

function splitText(name: 'text' | 'thinking', text: string): (readonly WrittenMember[])[] {
  return text === '""'
    ? []
    : [
        [
          ['type', `"${name}_delta"`],
          [name, text],
        ],
      ];
}
