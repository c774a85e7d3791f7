/**
 * A chat or text completion from the chunks that brought it. The tables are all that is understood.
 */
import { readChunks } from './events.ts';
import { type GatheredObject, type MemberTexts, numberedListOf, objectOf, type RuleTable } from './gathered-object.ts';
import { refuse, refuseIf } from './refusal.ts';
import { ALWAYS_NULL, APPENDED, JOINED, LAST_NUMBER, NAME, ONCE, PADDING, SAME, wordOf } from './rules.ts';
import { refuseUncounted, USAGE } from './usage-rule.ts';
import type { WrittenMember } from './written.ts';

/** Tests whether a member is there, and more than null. */
function isSaid(members: MemberTexts, name: string): boolean {
  return (members.get(name) ?? 'null') !== 'null';
}

/** Beside a call or a refusal, a text that was never begun is null. */
const SPEAKS_FOR_ITSELF = ['tool_calls', 'function_call', 'refusal'] as const;

function finishMessage(members: MemberTexts): readonly WrittenMember[] {
  const { role, content, ...others } = Object.fromEntries(members);
  const isTold = SPEAKS_FOR_ITSELF.some((name) => isSaid(members, name));
  refuseIf(content === undefined && !isTold, 'a message without a text');
  // Some servers leave the role out of their streams; an answer has no other.
  return [['role', role ?? '"assistant"'], ['content', content ?? 'null'], ...Object.entries(others)];
}

function finishCall(members: MemberTexts): readonly WrittenMember[] {
  const type = members.get('type');
  refuseIf(members.get('id') === undefined, 'a call without an id');
  if (type === undefined) refuse('a call without a type');
  const other = type === '"custom"' ? 'function' : 'custom';
  refuseIf(!isSaid(members, type.slice(1, -1)) || members.has(other), 'a call of another type than it says');
  return [...members].filter(([name]) => name !== 'index');
}

/** A function that has a name and what it is called with. */
function finishCalled(members: MemberTexts): readonly WrittenMember[] {
  refuseIf(members.get('name') === undefined, 'a call without a name');
  refuseIf(!isSaid(members, 'arguments') && !isSaid(members, 'input'), 'a call without its arguments');
  return [...members];
}

const CALLED_FUNCTION = objectOf({ name: NAME, arguments: JOINED }, finishCalled);

const CALL: RuleTable = {
  index: SAME,
  id: NAME,
  type: wordOf('function', 'custom'),
  function: CALLED_FUNCTION,
  custom: objectOf({ name: NAME, input: JOINED }, finishCalled),
};

export const CHAT_DELTA: RuleTable = {
  role: wordOf('assistant'),
  content: JOINED,
  refusal: JOINED,
  reasoning_content: JOINED,
  reasoning: JOINED,
  thinking: JOINED,
  tool_calls: numberedListOf(objectOf(CALL, finishCall)),
  function_call: CALLED_FUNCTION,
  annotations: APPENDED,
  audio: ALWAYS_NULL,
};

/** MemberTexts that all choices may have; what servers name beside the API's own is told once, at the end. */
const CHOICE: RuleTable = {
  index: SAME,
  stop_reason: ONCE,
  matched_stop: ONCE,
  native_finish_reason: ONCE,
  token_ids: ALWAYS_NULL,
};

function finishChoice(members: MemberTexts): readonly WrittenMember[] {
  refuseIf(members.get('finish_reason') === undefined, 'a choice that has not ended');
  refuseIf(!isSaid(members, 'delta') && !isSaid(members, 'text'), 'a choice that says nothing');
  return [...members].map(([name, text]) => [name === 'delta' ? 'message' : name, text]);
}

export const CHAT_CHOICE: RuleTable = {
  ...CHOICE,
  delta: objectOf(CHAT_DELTA, finishMessage),
  logprobs: objectOf({ content: APPENDED, refusal: APPENDED }),
  finish_reason: wordOf('stop', 'length', 'tool_calls', 'content_filter', 'function_call'),
};

export const COMPLETION_CHOICE: RuleTable = {
  ...CHOICE,
  text: JOINED,
  logprobs: objectOf({
    tokens: APPENDED,
    token_logprobs: APPENDED,
    top_logprobs: APPENDED,
    text_offset: APPENDED,
    // As llama.cpp has them.
    content: APPENDED,
  }),
  finish_reason: wordOf('stop', 'length', 'content_filter'),
  prompt_logprobs: ALWAYS_NULL,
  prompt_token_ids: ALWAYS_NULL,
};

/** MemberTexts of every chunk, and of the last one. */
const CHUNK: RuleTable = {
  id: SAME,
  created: LAST_NUMBER,
  model: SAME,
  service_tier: SAME,
  system_fingerprint: SAME,
  timings: ONCE,
  usage: USAGE,
  obfuscation: PADDING,
};

export const CHAT_CHUNK: RuleTable = {
  ...CHUNK,
  object: wordOf('chat.completion.chunk'),
  choices: numberedListOf(objectOf(CHAT_CHOICE, finishChoice)),
  moderation: ONCE,
  prompt_token_ids: ALWAYS_NULL,
  prompt_text: ALWAYS_NULL,
};

export const COMPLETION_CHUNK: RuleTable = {
  ...CHUNK,
  object: wordOf('text_completion'),
  choices: numberedListOf(objectOf(COMPLETION_CHOICE, finishChoice)),
};

/** @param object the name that the document has for itself */
function finishAnswer(object: string): (members: MemberTexts) => readonly WrittenMember[] {
  return (members) => {
    refuseIf(members.get('object') === undefined, 'chunks that do not say what they are');
    refuseIf((members.get('choices') ?? '[]') === '[]', 'no choices');
    refuseUncounted(members.get('usage'));
    return [...members].map(([name, text]) => [name, name === 'object' ? object : text]);
  };
}

const CHAT = objectOf(CHAT_CHUNK, finishAnswer('"chat.completion"'));
const COMPLETION = objectOf(COMPLETION_CHUNK, finishAnswer('"text_completion"'));

export function foldChat(stream: string): string {
  return fold(stream, CHAT);
}

export function foldCompletion(stream: string): string {
  return fold(stream, COMPLETION);
}

function fold(stream: string, begin: () => GatheredObject): string {
  const answer = begin();
  for (const chunk of readChunks(stream)) answer.add(chunk);
  return answer.write();
}
