/**
 * The books balance: whatever is asked, and however it is answered, the tokens
 * and dollars that are said to be spent are those that the upstream told, and
 * what is said to be saved is what clients were told beyond that.
 */
import { join } from 'node:path';
import { expect } from 'vitest';
import { answerWith, MESSAGES, messageAnswer } from '../harness/anthropic.ts';
import { CHAT, chatAnswer, chatEvents, chatRequest, resetAfter, sendJson, sendStream } from '../harness/answers.ts';
import { type Answer, ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { EMBEDDINGS, embeds, inputsOf, tokensOf } from '../harness/embeddings.ts';
import { landed, recorded, recordsOf } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Call } from '../harness/upstream.ts';
import { Random } from '../request/random.ts';

/** Ways of asking and of answering. */
const WAYS = ['plain', 'plain', 'plain', 'twice', 'no-store', 'no-cache', 'unkept', 'cut', 'later', 'samples'] as const;
const INPUTS = ['sea', 'salt', 'water', 'wave', 'x'.repeat(90)];
const PRICED = 'gpt-4o-mini';

interface Told {
  input: number;
  output: number;
}

interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const plus = (sum: Told, { input, output }: Told) => ({ input: sum.input + input, output: sum.output + output });
const NOTHING: Told = { input: 0, output: 0 };
const sumOf = (all: readonly Told[]) => all.reduce(plus, NOTHING);

/** A refresh would end once its head says that it will not be kept, and nobody hear what it took: it is asked for. */
const HEADERS: { readonly [Way in (typeof WAYS)[number]]?: Record<string, string> } = {
  'no-store': { 'cache-control': 'no-store' },
  'no-cache': { 'cache-control': 'no-cache' },
  'unkept': { 'cache-control': 'no-cache' },
  'samples': { 'x-refrain-samples': '2' },
};

/** Tests whether a client has what the upstream was asked for. */
function isPaidFor({ headers, broken }: Answer): boolean {
  return !broken && (headers['x-cache'] === 'MISS' || headers['x-cache'] === 'BYPASS');
}

/** The tokens that the bytes of an answer name. */
function toldIn(text: string): Told {
  const found = text.matchAll(/"usage":\s*(\{(?:[^{}]|\{[^{}]*\})*\})/g);
  const usages = [...found].map(([, usage]) => JSON.parse(usage as string));
  const { prompt_tokens: prompt, completion_tokens: completion, ...last } = usages.at(-1) ?? {};
  if (prompt !== undefined) return { input: prompt, output: completion ?? 0 };
  return { input: last.input_tokens ?? 0, output: last.output_tokens ?? 0 };
}

function question(random: Random): Asked {
  const model = random.pick([PRICED, 'gpt-test']);
  switch (random.below(4)) {
    case 0: {
      const input = Array.from({ length: 1 + random.below(4) }, () => random.pick(INPUTS));
      return { path: EMBEDDINGS, body: { model: 'text-embedding-3-small', input } };
    }
    case 1: {
      const content = random.pick(INPUTS);
      return { path: MESSAGES, body: { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content }] } };
    }
    default: {
      const stream = random.once(2) ? { stream: true, stream_options: { include_usage: true } } : {};
      return { path: CHAT, body: chatRequest(random.pick(INPUTS), { model, ...stream }) as Asked['body'] };
    }
  }
}

function answer(call: Call, way: string, usage: object): void {
  const { stream = false } = JSON.parse(call.body.toString());
  if (way === 'unkept') call.response.setHeader('cache-control', 'no-store');
  if (call.url?.endsWith(EMBEDDINGS)) return embeds()(call);
  if (call.url?.endsWith(MESSAGES)) return void answerWith('text')(call);
  if (!stream) return sendJson(call, chatAnswer('x', { usage }));
  const events = chatEvents().toSpliced(-1, 0, `data: ${JSON.stringify({ choices: [], usage })}\n\n`);
  if (way === 'cut') resetAfter(events.slice(0, -1).join(''))(call);
  else sendStream(call, events);
}

/** The sum of a metric over all models. */
function metricOf(text: string, name: string, kind = ''): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`refrain_${name}{`) && line.includes(kind));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

story.for([1, 2])('a mixture of outcomes, %i', async (seed, { upstream, open }) => {
  const random = new Random(seed);
  const clock = createTestClock();
  const dialect = random.pick(['openai', 'compatible', 'engine'] as const);
  const proxy = await open({ ttl: 100, dialect, stale: { revalidate: 1_000 } }, clock);
  const records = recordsOf(proxy);
  let way: (typeof WAYS)[number] = 'plain';
  let calls: Told[] = [];
  upstream.script = (call) => {
    const [input, output] = [1 + random.below(50), 1 + random.below(50)];
    if (call.url?.endsWith(EMBEDDINGS)) {
      const tokens = inputsOf(call.body.toString()).map(tokensOf);
      calls.push({ input: tokens.reduce((sum, one) => sum + one), output: 0 });
    } else calls.push(call.url?.endsWith(MESSAGES) ? toldIn(messageAnswer()) : { input, output });
    answer(call, way, { prompt_tokens: input, completion_tokens: output, total_tokens: input + output });
  };
  let [spent, saved] = [NOTHING, NOTHING];
  const asked: string[] = [];
  for (let round = 0; round < 50; round++) {
    way = random.pick(WAYS);
    calls = [];
    const { path, body } = question(random);
    if (way === 'later') clock.advance(150_000);
    const headers = HEADERS[way] ?? {};
    const answers: Answer[] = await Promise.all(
      Array.from({ length: way === 'twice' ? 2 : 1 }, () => ask(proxy.url + path, { body, headers })),
    );
    for (const _ of answers) asked.push(body['model'] as string);
    await landed(proxy);
    await recorded(records, asked.length);
    const told = sumOf(calls);
    const received = sumOf(answers.map(({ text, broken }) => (broken ? NOTHING : toldIn(text))));
    const paid = answers.some(isPaidFor) ? told : NOTHING;
    spent = plus(spent, told);
    saved = plus(saved, { input: received.input - paid.input, output: received.output - paid.output });
    const { tokens } = (await proxy.app.ledger.stats()).periods.all;
    expect([tokens.spent, tokens.saved], `round ${round}: ${way} ${JSON.stringify(body)}`).toMatchObject([
      spent,
      saved,
    ]);
  }
  expect(proxy.app.ledger.counts()).toMatchObject({ requests: asked.length, refusal: 0 });
  expect(records.map(({ model }) => model)).toEqual(asked);
  const { text } = await ask(`${proxy.adminUrl}/metrics`);
  const { dollars } = (await proxy.app.ledger.stats()).periods.all;
  const series = JSON.parse((await ask(`${proxy.adminUrl}/stats?series=hour`)).text);
  for (const [side, sum] of Object.entries({ spent, saved })) {
    expect(metricOf(text, `${side}_tokens_total`, 'kind="input"')).toBe(sum.input);
    expect(metricOf(text, `${side}_tokens_total`, 'kind="output"')).toBe(sum.output);
    expect(metricOf(text, `${side}_dollars_total`)).toBeCloseTo(dollars[side as keyof typeof dollars], 12);
    const inSeries = series.tokens[side].input.reduce((all: number, one: number) => all + one, 0);
    expect(inSeries).toBe(sum.input);
  }
});

story(
  'what a cassette records is saved when it is replayed, whatever the cache makes of it',
  async ({ upstream, open, folder }) => {
    const cassette = join(folder, 'llm.cassette');
    const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
    upstream.script = (call) => (call.url?.endsWith(EMBEDDINGS) ? embeds()(call) : answer(call, 'plain', usage));
    const questions: readonly Asked[] = [
      { path: CHAT, body: chatRequest('sea', { model: PRICED }) as Asked['body'] },
      { path: CHAT, body: chatRequest('state', { model: PRICED, store: true }) as Asked['body'] },
      {
        path: CHAT,
        body: chatRequest('search', { model: PRICED, stream: true, enable_search: true }) as Asked['body'],
      },
      { path: EMBEDDINGS, body: { model: 'text-embedding-3-small', input: INPUTS } },
      { path: MESSAGES, body: { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'sea' }] } },
    ];
    const books = [];
    for (const side of ['spent', 'saved'] as const) {
      const proxy = await open({ cassette });
      const records = recordsOf(proxy);
      for (const { path, body } of questions) await ask(proxy.url + path, { body });
      await recorded(records, questions.length);
      const { tokens, dollars } = (await proxy.app.ledger.stats()).periods.all;
      books.push([tokens[side], dollars[side], records.map(({ model, call }) => [model, call?.usage])]);
      await proxy.stop();
    }
    expect(books[0]).toEqual(books[1]);
    expect(upstream.calls).toHaveLength(questions.length);
  },
);
