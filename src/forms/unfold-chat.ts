/**
 * The chunks of a chat completion from its document: for each choice its role, what it says in one piece each, and why
 * it ended.
 */
import { writeChunks } from './chunk-writer.ts';
import { isEmpty, isNothing, type KnownMembers, readKnown, readList, textOf } from './known-members.ts';
import { refuse, refuseIf } from './refusal.ts';
import type { SourceValue } from './source-value.ts';
import { NOT_ENDED, readChoice } from './unfold-choice.ts';
import { type WrittenMember, writeObject } from './written.ts';

const NAMES = { document: 'chat.completion', chunk: 'chat.completion.chunk' };
const ENDINGS: ReadonlySet<string> = new Set(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']);
const LOGPROBS: ReadonlySet<string> = new Set(['content', 'refusal']);

/** The thoughts of a model before it speaks, by the names that servers have for it. */
const THOUGHTS = ['reasoning_content', 'reasoning', 'thinking'] as const;

/** Members that servers write and leave empty; LiteLLM the first of them. */
const EMPTY = ['provider_specific_fields', 'name', 'tool_call_id'] as const;

const MESSAGE: ReadonlySet<string> = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'annotations',
  'audio',
  ...EMPTY,
  ...THOUGHTS,
]);

const CALL: ReadonlySet<string> = new Set(['index', 'id', 'type', 'function', 'custom']);
const FUNCTION: ReadonlySet<string> = new Set(['name', 'arguments']);
const CUSTOM: ReadonlySet<string> = new Set(['name', 'input']);

export function unfoldChat(document: string, hasUsage: boolean): readonly string[] {
  return writeChunks(document, hasUsage, NAMES, splitChoice);
}

function splitChoice(choice: SourceValue): (readonly WrittenMember[])[] {
  const { members, logprobs, ending } = readChoice(choice, ['message'], ENDINGS, LOGPROBS);
  const deltas = splitMessage(members.get('message'));
  // The tokens come with the text that they make up.
  const spoken = deltas.findIndex(({ isSpoken }) => isSpoken);
  const place = spoken === -1 ? deltas.length : spoken;
  const write = (said: readonly WrittenMember[], at: number, end: readonly WrittenMember[]): WrittenMember[] => [
    ['delta', writeObject(...said)],
    ['logprobs', at === place ? logprobs?.text : logprobs ? 'null' : undefined],
    ...end,
  ];
  return [...deltas.map(({ said }, at) => write(said, at, [NOT_ENDED])), write([], deltas.length, ending)];
}

interface Delta {
  readonly said: readonly WrittenMember[];
  /** True where it has a text of which `logprobs` has the tokens. */
  readonly isSpoken: boolean;
}

function splitMessage(message: SourceValue | undefined): Delta[] {
  if (message === undefined) refuse('a choice without a message');
  const members = readKnown(message, MESSAGE);
  refuseIf(members.get('role')?.text !== '"assistant"', 'a message of somebody else');
  refuseIf(!isNothing(members.get('audio')), 'audio');
  for (const name of EMPTY) refuseIf(!isEmpty(members.get(name)), 'a value that streams do not bring');
  const texts = ['content', 'refusal'].filter((name) => name === 'content' || members.has(name));
  const said = texts.map((name) => [name, textOrNull(members.get(name))] as const);
  const begun = said.map(([name, text]): WrittenMember => [name, text === 'null' ? text : '""']);
  const thoughts = THOUGHTS.filter((name) => !isNothing(members.get(name)));
  return [
    silent([['role', '"assistant"'], ...begun]),
    ...thoughts.map((name) => silent([[name, textOf(members.get(name))]])),
    ...said.filter(([, text]) => text !== 'null' && text !== '""').map((text) => ({ said: [text], isSpoken: true })),
    ...splitCalls(members).map(silent),
  ];
}

const silent = (said: readonly WrittenMember[]): Delta => ({ said, isSpoken: false });

/** The deltas of whatever a message calls, and of what it cites. */
function splitCalls(members: KnownMembers): (readonly WrittenMember[])[] {
  const [calls, called, cited] = ['tool_calls', 'function_call', 'annotations'].map((name) => members.get(name));
  const deltas: (readonly WrittenMember[])[] = [];
  if (calls && !isNothing(calls))
    for (const [at, call] of readList(calls).entries()) deltas.push(...splitCall(call, at));
  if (called && !isNothing(called)) {
    const pieces = splitCalled(readKnown(called, FUNCTION), 'arguments');
    deltas.push(...pieces.map((piece): WrittenMember[] => [['function_call', piece]]));
  }
  if (cited && !isNothing(cited)) {
    readList(cited);
    deltas.push([['annotations', cited.text]]);
  }
  return deltas;
}

/** A call first says what is called, then with what. */
function splitCall(call: SourceValue, at: number): (readonly WrittenMember[])[] {
  const members = readKnown(call, CALL);
  const place = members.get('index');
  refuseIf(place !== undefined && place.text !== String(at), 'a call in the place of another');
  const type = textOf(members.get('type'));
  refuseIf(type !== '"function"' && type !== '"custom"', 'a call of a type that is not known');
  const [name, other, input, known] =
    type === '"function"'
      ? (['function', 'custom', 'arguments', FUNCTION] as const)
      : (['custom', 'function', 'input', CUSTOM] as const);
  refuseIf(members.has(other), 'a call of two types');
  const id = textOf(members.get('id'));
  refuseIf(id === '""', 'a call without an id');
  const called = members.get(name);
  if (called === undefined) refuse('a call of nothing');
  const [first = '', ...rest] = splitCalled(readKnown(called, known), input);
  const write = (...said: readonly WrittenMember[]): WrittenMember[] => [
    ['tool_calls', `[${writeObject(['index', String(at)], ...said)}]`],
  ];
  return [write(['id', id], ['type', type], [name, first]), ...rest.map((piece) => write([name, piece]))];
}

/** The name of what is called, and what it is called with. @param input the name of the latter's member */
function splitCalled(called: KnownMembers, input: string): string[] {
  const name = textOf(called.get('name'));
  refuseIf(name === '""', 'a call without a name');
  const text = textOf(called.get(input));
  const first = writeObject(['name', name], [input, '""']);
  return text === '""' ? [first] : [first, writeObject([input, text])];
}

/** @throws Refusal where it is neither a text nor null: an answer that does not say which leaves a doubt */
function textOrNull(value: SourceValue | undefined): string {
  return value?.kind === 'null' ? value.text : textOf(value);
}
