/**
 * The events of one item of a response: it is added, its texts come in one piece each, and it is done.
 */
import { type KnownMembers, isNothing, readKnown, readList, textOf } from './known-members.ts';
import { refuse, refuseIf } from './refusal.ts';
import { type ItemType, readItem } from './response-item.ts';
import { memberOf, type SourceValue } from './source-value.ts';
import { type WrittenMember, writeChanged } from './written.ts';

/** The type of an event, and its members beside that and its number. */
export type ItemEvent = readonly [type: string, said: readonly WrittenMember[]];

type ItemPlace = readonly WrittenMember[];

/** The members of an item that are still empty as it is added. */
const UNBEGUN: Readonly<Record<ItemType, Readonly<Record<string, string>>>> = {
  message: { content: '[]' },
  function_call: { arguments: '""' },
  custom_tool_call: { input: '""' },
  reasoning: { summary: '[]', content: '[]' },
};

/** The events between its beginning and its end. @param place the members that name the item */
const SPLIT: Readonly<Record<ItemType, (members: KnownMembers, place: ItemPlace) => ItemEvent[]>> = {
  message: (members, place) =>
    readList(members.get('content')).flatMap((part, at) => splitPart(part, [...place, contentAt(at)])),

  function_call: (members, place) => {
    const name: WrittenMember = ['name', textOf(members.get('name'))];
    const text = textOf(members.get('arguments'));
    return splitText('response.function_call_arguments', place, 'arguments', text, [], [name]);
  },

  custom_tool_call: (members, place) =>
    splitText('response.custom_tool_call_input', place, 'input', textOf(members.get('input'))),

  reasoning: (members, place) => [
    ...readList(members.get('summary')).flatMap((part, at) => splitSummary(part, [...place, summaryAt(at)])),
    ...thoughtsOf(members).flatMap((part, at) => splitThought(part, [...place, contentAt(at)])),
  ],
};

const TEXT_PART: ReadonlySet<string> = new Set(['type', 'text', 'annotations', 'logprobs']);
const REFUSAL_PART: ReadonlySet<string> = new Set(['type', 'refusal']);
const PLAIN_PART: ReadonlySet<string> = new Set(['type', 'text']);

const IN_PROGRESS = '"in_progress"';

export function splitItem(item: SourceValue, at: number): ItemEvent[] {
  const { type, members } = readItem(item);
  const index: WrittenMember = ['output_index', String(at)];
  const added = writeChanged(item, { status: IN_PROGRESS, ...UNBEGUN[type] });
  return [
    ['response.output_item.added', [index, ['item', added]]],
    ...SPLIT[type](members, [['item_id', textOf(members.get('id'))], index]),
    ['response.output_item.done', [index, ['item', item.text]]],
  ];
}

const summaryAt = (at: number): WrittenMember => ['summary_index', String(at)];

const contentAt = (at: number): WrittenMember => ['content_index', String(at)];

/** A text in one piece, and whole. */
function splitText(
  prefix: string,
  place: ItemPlace,
  name: string,
  text: string,
  beside: readonly WrittenMember[] = [],
  atTheEnd: readonly WrittenMember[] = beside,
): ItemEvent[] {
  const done: ItemEvent = [`${prefix}.done`, [...place, [name, text], ...atTheEnd]];
  return text === '""' ? [done] : [[`${prefix}.delta`, [...place, ['delta', text], ...beside]], done];
}

/** A part of a message: a text with what it cites, or a refusal. */
function splitPart(part: SourceValue, place: ItemPlace): ItemEvent[] {
  switch (memberOf(part, 'type')?.text) {
    case '"output_text"':
      return splitTextPart(part, place);
    case '"refusal"':
      return within('response.content_part', part, place, { refusal: '""' }, [
        ...splitText('response.refusal', place, 'refusal', textOf(readKnown(part, REFUSAL_PART).get('refusal'))),
      ]);
    default:
      return refuse('a part of a type that is not known');
  }
}

function splitTextPart(part: SourceValue, place: ItemPlace): ItemEvent[] {
  const members = readKnown(part, TEXT_PART);
  const logprobs: WrittenMember = ['logprobs', members.get('logprobs')?.text ?? '[]'];
  const cited = isNothing(members.get('annotations')) ? [] : readList(members.get('annotations'));
  const citations = cited.map(
    ({ text }, at): ItemEvent => [
      'response.output_text.annotation.added',
      [...place, ['annotation_index', String(at)], ['annotation', text]],
    ],
  );
  const [first, ...others] = splitText('response.output_text', place, 'text', textOf(members.get('text')), [logprobs]);
  const said = first && others.length > 0 ? [first, ...citations, ...others] : [...citations, first as ItemEvent];
  return within('response.content_part', part, place, { text: '""', annotations: '[]', logprobs: '[]' }, said);
}

/** A part of the summary of what a model thought. */
function splitSummary(part: SourceValue, place: ItemPlace): ItemEvent[] {
  const members = readKnown(part, PLAIN_PART);
  refuseIf(members.get('type')?.text !== '"summary_text"', 'a part of a type that is not known');
  const said = splitText('response.reasoning_summary_text', place, 'text', textOf(members.get('text')));
  return within('response.reasoning_summary_part', part, place, { text: '""' }, said);
}

/** A part of the thoughts themselves, which open models show. */
function splitThought(part: SourceValue, place: ItemPlace): ItemEvent[] {
  const members = readKnown(part, PLAIN_PART);
  refuseIf(members.get('type')?.text !== '"reasoning_text"', 'a part of a type that is not known');
  const said = splitText('response.reasoning_text', place, 'text', textOf(members.get('text')));
  return within('response.content_part', part, place, { text: '""' }, said);
}

function thoughtsOf(members: KnownMembers): readonly SourceValue[] {
  const content = members.get('content');
  return content === undefined || content.kind === 'null' ? [] : readList(content);
}

/** A part is added empty, and done as it is. */
function within(
  prefix: string,
  part: SourceValue,
  place: ItemPlace,
  unbegun: Readonly<Record<string, string>>,
  said: readonly ItemEvent[],
): ItemEvent[] {
  return [
    [`${prefix}.added`, [...place, ['part', writeChanged(part, unbegun)]]],
    ...said,
    [`${prefix}.done`, [...place, ['part', part.text]]],
  ];
}
