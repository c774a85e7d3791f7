/**
 * Answers of real servers, derived in every direction: clients make of the derived form what they make of the recorded
 * one.
 */
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/endpoint.ts';
import { sourcesFor } from '../../src/forms/form.ts';
import {
  byAiSdk,
  chatByOpenai4,
  chatByOpenai7,
  messageByAnthropic,
  responseByOpenai4,
  responseByOpenai7,
  type SpelledAnswer,
} from './accumulators.ts';
import { derived, MESSAGES, type Sample, SAMPLES, sampleOf } from './samples.ts';

type Accumulator = (answer: SpelledAnswer) => Promise<unknown>;

const ACCUMULATORS: Readonly<Partial<Record<Endpoint, Readonly<Record<string, Accumulator>>>>> = {
  chat: { 'openai 7': chatByOpenai7, 'openai 4': chatByOpenai4, 'ai': (answer) => byAiSdk('chat', answer) },
  completions: { ai: (answer) => byAiSdk('completions', answer) },
  responses: {
    'openai 7': responseByOpenai7,
    'openai 4': responseByOpenai4,
    'ai': (answer) => byAiSdk('responses', answer),
  },
  messages: { anthropic: messageByAnthropic },
};

const FORMS = ['json', 'sse', 'sse+plain', 'sse+usage', 'sse+usage+plain'];

/** The forms that are derived from that of a sample. */
const targetsOf = ({ endpoint, form }: Sample) =>
  FORMS.filter((to) => sourcesFor(endpoint, to).some((source) => source === form));

/** Samples of which some forms are not derived, and why. */
const REFUSED = new Map<string, readonly string[]>([
  // Streams that do not say what they took.
  ...['openai-7.57.0 3', 'openai-7.57.0 4', 'openai-7.57.0 5', 'openai-7.57.0 9', 'curl-7.88.1 1'].map(
    (name): [string, readonly string[]] => [name, ['json']],
  ),
  // A stream that broke off.
  ['openai-7.57.0 29', ['json', 'sse+plain']],
  // A call without an id, which the newer client would make up anew each time.
  ['upstream-llama.cpp-2025-02 3', ['sse', 'sse+plain', 'sse+usage', 'sse+usage+plain']],
  // Usage beside the end of a choice: a stream without usage may have that too.
  ['upstream-llama.cpp-2025-02 1', ['sse', 'sse+plain']],
  ['upstream-llama.cpp-2025-02 17', ['sse', 'sse+plain']],
  // A fingerprint that stands beside the usage alone.
  ['vllm-0.32.0 1', ['sse', 'sse+plain']],
  ['vllm-0.32.0 3', ['sse', 'sse+plain']],
  // Usage beside a choice that says nothing.
  ['litellm-1.108.7 1', ['sse', 'sse+plain']],
  ['litellm-1.108.7 3', ['sse', 'sse+plain']],
  // A document that counts nothing.
  ['litserve-0.2.19 0', ['sse+usage', 'sse+usage+plain']],
]);

/** Streams without a role, of which openai-node makes nothing. */
const WITHOUT_ROLE = /^upstream-llama.*(1|14|17)$/;

/** Samples of servers that write a null or an empty object for all that they might say. */
const FULL_OF_NULLS = /^(vllm|litellm|litserve)/;

/** A value without its members that say nothing. */
function saidIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(saidIn);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, saidIn(member)] as const);
  return Object.fromEntries(members.filter(([, member]) => member !== null && JSON.stringify(member) !== '{}'));
}

/** The part of an answer that is compared: all, or that which says something. */
const comparedOf = ({ name }: Sample, value: unknown) => (FULL_OF_NULLS.test(name) ? saidIn(value) : value);

/** The AI SDK asks for one choice, and takes all that comes for it. */
const HAS_TWO_CHOICES = /"index":1,"(message|delta)"/;

const spelled = (body: string, form: string): SpelledAnswer => ({ body, isStream: form !== 'json' });

/** Usage that was not asked for is not compared. */
function withoutUsage(value: unknown, isAsked: boolean): unknown {
  if (isAsked) return value;
  const { usage: _, ...others } = value as Record<string, unknown>;
  return others;
}

describe.each([...SAMPLES, ...MESSAGES])('$name ($endpoint, $form)', (sample) => {
  test.each(targetsOf(sample))('as %s', async (to) => {
    const body = derived(sample, to);
    expect(body === null).toBe(REFUSED.get(sample.name)?.includes(to) ?? false);
    if (body === null || WITHOUT_ROLE.test(sample.name)) return;
    const saysUsage = !(sample.form.startsWith('sse') || to.startsWith('sse')) || !/^sse(\+plain)?$/.test(to);
    const isAsked = saysUsage || sample.endpoint === 'responses' || sample.endpoint === 'messages';
    for (const [name, accumulate] of Object.entries(ACCUMULATORS[sample.endpoint] ?? {})) {
      if (name === 'ai' && HAS_TWO_CHOICES.test(sample.body)) continue;
      const [own, other] = await Promise.all([
        accumulate(spelled(sample.body, sample.form)),
        accumulate(spelled(body, to)),
      ]);
      const compared = (value: unknown) => comparedOf(sample, withoutUsage(value, isAsked));
      expect(compared(other), name).toEqual(compared(own));
    }
  });
});

/** The members that each kind of event and each choice in one names, in every stream of these. */
function namesIn(streams: Iterable<string>): Map<string, Set<string>> {
  const common = new Map<string, Set<string>>();
  const add = (kind: string, { obfuscation: _, ...named }: Record<string, unknown>) => {
    const names = new Set(Object.keys(named));
    common.set(kind, common.get(kind)?.intersection(names) ?? names);
  };
  for (const [, data = ''] of [...streams].flatMap((stream) => [...stream.matchAll(/^data: ?(\{.*\}) *$/gm)])) {
    const event = JSON.parse(data);
    const kind = event.type ?? event.object;
    add(kind, event);
    for (const choice of event.choices ?? []) add(`${kind}, a choice`, choice);
  }
  return common;
}

test('a stream that is made of a document names in each event what servers name in theirs', () => {
  const all = [...SAMPLES, ...MESSAGES];
  const told = namesIn(all.filter(({ form }) => form !== 'json').map(({ body }) => body));
  const made = all
    .filter(({ form }) => form === 'json')
    .flatMap((sample) => targetsOf(sample).map((to) => derived(sample, to) ?? ''));
  const kinds = [...namesIn(made)];
  expect(kinds.length).toBeGreaterThan(15);
  for (const [kind, names] of kinds)
    expect([...names], kind).toEqual(expect.arrayContaining([...(told.get(kind) ?? [])]));
});

describe('pairs of a document and a stream', () => {
  const read = (text: string | null) => JSON.parse(text ?? 'null');

  test('of one message are one document', () => {
    for (const json of MESSAGES.filter(({ form }) => form === 'json')) {
      const stream = MESSAGES.find(({ name, form }) => name === json.name && form === 'sse') as Sample;
      expect(read(derived(stream, 'json'))).toEqual(read(json.body));
      const unfolded = { ...stream, body: derived(json, 'sse') as string };
      expect(read(derived(unfolded, 'json'))).toEqual(read(json.body));
    }
  });

  test('of one seed on llama.cpp differ in id and times', () => {
    const [json, stream] = [0, 1].map((at) => sampleOf(`upstream-llama.cpp-2025-02 ${at}`)) as [Sample, Sample];
    const { id: _1, timings: _2, ...own } = read(json.body);
    const { id: _3, timings: _4, ...folded } = read(derived(stream, 'json'));
    expect(folded).toEqual(own);
  });

  test.each([
    ['vLLM', 'vllm-0.32.0 0', 'vllm-0.32.0 1'],
    ['LiteLLM, of thoughts,', 'litellm-1.108.7 0', 'litellm-1.108.7 1'],
    ['LiteLLM, of a call,', 'litellm-1.108.7 2', 'litellm-1.108.7 3'],
  ])('of one question to %s say the same', (_, document, stream) => {
    const [choice, folded] = [sampleOf(document).body, derived(sampleOf(stream), 'json')].map(
      (text) => saidIn(read(text)) as { choices: { message: { tool_calls?: { id?: string }[] } }[] },
    );
    for (const { message } of [...(choice?.choices ?? []), ...(folded?.choices ?? [])])
      for (const call of message.tool_calls ?? []) delete call.id;
    expect(folded?.choices).toEqual(choice?.choices);
  });

  test('of a document and what is derived from it are one document, but for members that are empty', () => {
    for (const sample of SAMPLES.filter(({ form }) => form === 'json')) {
      const form = sample.endpoint === 'responses' ? 'sse' : 'sse+usage';
      const body = derived(sample, form);
      if (body === null) continue;
      const own = sample.body.replace(',"annotations":[]', '').replace(',"annotations":[]', '');
      const expected = sample.endpoint === 'chat' ? read(own) : read(sample.body);
      const again = read(derived({ ...sample, form, body }, 'json'));
      expect(comparedOf(sample, again), sample.name).toEqual(comparedOf(sample, expected));
    }
  });

  test('keep thoughts whole that openai-node overwrites', () => {
    const { message } = read(derived(sampleOf('ai-sdk-7.0.173 24'), 'json')).choices[0];
    expect(message.reasoning_content).toBe('Let me think. OK.');
    expect(derived(sampleOf('ai-sdk-7.0.173 23'), 'sse')).toContain('{"reasoning_content":"Let me think. OK."}');
  });
});
