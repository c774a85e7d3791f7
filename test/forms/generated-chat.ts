/**
 * Chat and text completions that no server has said: a document, and a stream that brings the same.
 */
import type { Random } from '../request/random.ts';
import { cut, randomNumber, randomText, spell, spellList, spellObject } from './spelling.ts';

export interface GeneratedPair {
  readonly json: string;
  /** With its usage. */
  readonly stream: string;
}

type Members = Record<string, string | undefined>;

/** A choice: the text of what the document says, and the chunks' choices that bring it, without their `index`. */
interface GeneratedChoice {
  readonly whole: Members;
  readonly pieces: readonly Members[];
}

const INDEXED = (members: Members, at: number): Members => ({ index: String(at), ...members });

export function generateChat(random: Random): GeneratedPair {
  return write(random, 'chat.completion', 'chat.completion.chunk', generateChatChoice);
}

export function generateCompletion(random: Random): GeneratedPair {
  return write(random, 'text_completion', 'text_completion', generateTextChoice);
}

function write(
  random: Random,
  object: string,
  chunkObject: string,
  generate: (random: Random) => GeneratedChoice,
): GeneratedPair {
  const choices = Array.from({ length: random.once(3) ? 3 : 1 }, () => generate(random));
  const head: Members = {
    id: spell(randomText(random, 2), random),
    created: '1795364355',
    model: '"m"',
    service_tier: random.pick([undefined, 'null', '"default"']),
    system_fingerprint: random.pick([undefined, 'null', '"fp_1"']),
  };
  const usage = spellObject(
    { prompt_tokens: '17', completion_tokens: '1', total_tokens: '18', x: randomNumber(random) },
    random,
  );
  const chunk = (others: Members) =>
    `data: ${spellObject({ ...head, object: JSON.stringify(chunkObject), ...others }, random)}\n\n`;
  const padding = () => (random.once(3) ? undefined : '"p4dd"');
  const lines = interleaved(
    choices.map(({ pieces }) => pieces),
    random,
  ).map(([at, piece]) =>
    chunk({ choices: spellList([spellObject(INDEXED(piece, at), random)]), usage: 'null', obfuscation: padding() }),
  );
  const documents = choices.map(({ whole }, at) => spellObject(INDEXED(whole, at), random));
  return {
    json: spellObject({ ...head, object: JSON.stringify(object), choices: spellList(documents), usage }, random),
    stream: [...lines, chunk({ choices: '[]', usage, obfuscation: padding() }), 'data: [DONE]\n\n'].join(''),
  };
}

/** The pieces of several lists, in the order of each. */
function interleaved<T>(lists: readonly (readonly T[])[], random: Random): [number, T][] {
  const left = lists.map((list) => [...list]);
  const order: [number, T][] = [];
  while (left.some((list) => list.length > 0)) {
    const at = random.below(left.length);
    const next = left[at]?.shift();
    if (next !== undefined) order.push([at, next]);
  }
  return order;
}

function generateTextChoice(random: Random): GeneratedChoice {
  const text = `x${randomText(random)}`;
  const pieces = cut(text, random);
  const tokens = pieces.map((piece) => spell(piece, random));
  const numbers = pieces.map(() => randomNumber(random));
  const logprobsOf = (from: number, to: number): Members => ({
    tokens: spellList(tokens.slice(from, to)),
    token_logprobs: spellList(numbers.slice(from, to)),
    top_logprobs: random.once(9) ? 'null' : spellList(numbers.slice(from, to).map((number) => `{"a":${number}}`)),
    text_offset: spellList(numbers.slice(from, to)),
  });
  const hasLogprobs = random.once(2);
  const all = { ...logprobsOf(0, pieces.length), top_logprobs: spellList(numbers.map((number) => `{"a":${number}}`)) };
  const ending = random.pick(['"stop"', '"length"']);
  return {
    whole: {
      text: spell(text, random),
      logprobs: hasLogprobs ? spellObject(all, random) : 'null',
      finish_reason: ending,
    },
    pieces: [
      ...pieces.map((piece, at) => ({
        text: spell(piece, random),
        logprobs: hasLogprobs
          ? spellObject({ ...logprobsOf(at, at + 1), top_logprobs: `[{"a":${numbers[at]}}]` }, random)
          : 'null',
        finish_reason: 'null',
      })),
      { text: '""', logprobs: 'null', finish_reason: ending },
    ],
  };
}

/** A message, and the deltas that bring it. */
class Message {
  /** The delta that begins it. */
  readonly first: Members = { role: '"assistant"', content: '""' };
  readonly whole: Members = { role: '"assistant"' };
  readonly deltas: Members[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns the pieces in which a text of its own comes */
  say(name: string, most: number): string[] {
    const text = `x${randomText(this.#random, most)}`;
    const pieces = cut(text, this.#random);
    this.whole[name] = spell(text, this.#random);
    this.deltas.push(...pieces.map((piece) => ({ [name]: spell(piece, this.#random) })));
    return pieces;
  }

  /** Says that there is no text. */
  beSilent(): void {
    this.first['content'] = 'null';
    this.whole['content'] = 'null';
  }
}

const SPEECHES = {
  text: (random: Random, message: Message) => {
    message.say('content', 8);
    if (random.once(4)) generateCitation(random, message);
    return random.pick(['"stop"', '"length"']);
  },
  thoughts: (random: Random, message: Message) => {
    message.say(random.pick(['reasoning_content', 'reasoning', 'thinking']), 6);
    message.say('content', 4);
    return '"stop"';
  },
  refusal: (_: Random, message: Message) => {
    message.beSilent();
    message.first['refusal'] = '""';
    message.say('refusal', 4);
    return '"stop"';
  },
  calls: (random: Random, message: Message) => {
    message.beSilent();
    generateCalls(random, message.whole, message.deltas);
    return '"tool_calls"';
  },
  function: (random: Random, message: Message) => {
    message.beSilent();
    generateFunctionCall(random, message.whole, message.deltas);
    return '"function_call"';
  },
};

/** The member of a message whose tokens have logprobs, and theirs. */
const TOKENS = { text: 'content', refusal: 'refusal' } as const;

function generateChatChoice(random: Random): GeneratedChoice {
  const kind = random.pick(['text', 'text', 'refusal', 'calls', 'calls', 'function', 'thoughts'] as const);
  const message = new Message(random);
  const ending = SPEECHES[kind](random, message);
  const named = (kind === 'text' || kind === 'refusal') && random.once(2) ? TOKENS[kind] : null;
  const tokens = message.deltas.map((delta) => named && delta[named] && generateToken(delta[named], random));
  const logprobs = (of: string | undefined | null) =>
    of
      ? `{"content":${named === 'content' ? `[${of}]` : 'null'},"refusal":${named === 'refusal' ? `[${of}]` : 'null'}}`
      : 'null';
  const piece = (delta: Members, token: string | undefined | null, reason = 'null') => ({
    delta: spellObject(delta, random),
    logprobs: logprobs(token),
    finish_reason: reason,
  });
  return {
    whole: {
      message: spellObject(message.whole, random),
      logprobs: logprobs(tokens.filter(Boolean).join(',')),
      finish_reason: ending,
    },
    pieces: [
      piece(message.first, null),
      ...message.deltas.map((delta, at) => piece(delta, tokens[at])),
      piece({}, null, ending),
    ],
  };
}

function generateCitation(random: Random, message: Message): void {
  const cited = `[{"type":"url_citation","url_citation":{"start_index":${randomNumber(random)},"url":"u"}}]`;
  message.whole['annotations'] = cited;
  message.deltas.push({ annotations: cited });
}

/** @param spelled the text of the token */
function generateToken(spelled: string, random: Random): string {
  const logprob = randomNumber(random);
  return `{"token":${spelled},"logprob":${logprob},"bytes":[1,2],"top_logprobs":[{"token":"a","logprob":${logprob}}]}`;
}

function generateCalls(random: Random, message: Members, said: Members[]): void {
  const calls: string[] = [];
  const deltas: Members[][] = [];
  for (let at = 0; at <= random.below(3); at += 1) {
    const [type, name] = random.once(3) ? (['custom', 'input'] as const) : (['function', 'arguments'] as const);
    const text = `{"sea":"${randomText(random, 3)}"}`;
    const head = { id: `"call_${at}"`, type: `"${type}"` };
    const called = (input: string) => spellObject({ name: '"depth"', [name]: input }, random);
    calls.push(spellObject({ ...head, [type]: called(spell(text, random)) }, random));
    const delta = (members: Members): Members => ({
      tool_calls: spellList([spellObject({ index: String(at), ...members }, random)]),
    });
    deltas.push([
      delta({ ...head, [type]: called('""') }),
      ...cut(text, random).map((piece) => delta({ [type]: spellObject({ [name]: spell(piece, random) }, random) })),
    ]);
  }
  message['tool_calls'] = spellList(calls);
  // Calls come one after the other, or at once.
  said.push(...(random.once(2) ? deltas.flat() : interleaved(deltas, random).map(([, delta]) => delta)));
}

function generateFunctionCall(random: Random, message: Members, said: Members[]): void {
  const text = `{"sea":"${randomText(random, 3)}"}`;
  message['function_call'] = spellObject({ name: '"depth"', arguments: spell(text, random) }, random);
  said.push(
    { function_call: '{"name":"depth","arguments":""}' },
    ...cut(text, random).map((piece) => ({ function_call: spellObject({ arguments: spell(piece, random) }, random) })),
  );
}
