/**
 * The events of a response from its document: it begins, brings each item from its beginning to its end, and carries
 * itself as it is in the last one.
 */
import { readList } from './known-members.ts';
import { readResponse } from './response-object.ts';
import { readSource } from './source.ts';
import type { SourceValue } from './source-value.ts';
import { splitItem, type ItemEvent } from './unfold-item.ts';
import { type WrittenMember, writeChanged, writeLine, writeObject } from './written.ts';

/** A response of which nothing has come yet. */
const UNBEGUN = {
  status: '"in_progress"',
  output: '[]',
  usage: 'null',
  completed_at: 'null',
  incomplete_details: 'null',
};

export function unfoldResponse(document: string): readonly string[] {
  const response = readSource(writeLine(readSource(document)));
  const { members, ending } = readResponse(response);
  const begun: WrittenMember = ['response', writeChanged(response, UNBEGUN)];
  const events: ItemEvent[] = [
    ['response.created', [begun]],
    ['response.in_progress', [begun]],
    ...readList(members.get('output')).flatMap((item: SourceValue, at) => splitItem(item, at)),
    [ending, [['response', response.text]]],
  ];
  return events.map(([type, said], at) => {
    const data = writeObject(['type', JSON.stringify(type)], ['sequence_number', String(at)], ...said);
    return `event: ${type}\ndata: ${data}\n\n`;
  });
}
