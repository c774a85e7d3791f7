/**
 * Batches of embeddings and moderations, answered input by input.
 */
import { gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { rerankAnswer, sendJson } from '../harness/answers.ts';
import { type Answer, ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { EMBEDDINGS, embeds, inputsOf, moderates, tokensOf, vectorOf } from '../harness/embeddings.ts';
import { landed, recorded, recordsOf } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Call } from '../harness/upstream.ts';

const bodyOf = (input: unknown, others: object = {}) => ({ model: 'm', input, ...others });
const said = ({ headers }: Answer) => `${headers['x-cache']} ${headers['x-refrain-items'] ?? '-'}`;
const askedOf = (calls: readonly Call[]) => calls.map(({ body }) => inputsOf(body.toString()));

/** Every input has its own vector, to the letter, at its own place. */
function expectVectors({ text }: Answer, inputs: readonly unknown[], encoding?: string): void {
  const { data } = JSON.parse(text) as { data: { index: number }[] };
  expect(data.map(({ index }) => index)).toEqual(inputs.map((_, index) => index));
  const vectors = text.matchAll(/"embedding":\s*(\[[^\]]*\]|"[^"]*")/g).map(([, vector]) => vector);
  expect([...vectors]).toEqual(inputs.map((input) => vectorOf(input, encoding)));
}

describe('a batch', () => {
  story('is a hit where every input is known, and pays for the new ones alone', async ({ upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    const answers = [];
    for (const input of [
      ['a', 'b'],
      ['b', 'a'],
      ['c', 'a', 'd'],
      ['d', 'c', 'b', 'a'],
    ]) {
      const answer = await ask(url + EMBEDDINGS, { body: bodyOf(input) });
      expectVectors(answer, input);
      answers.push(answer);
    }
    expect(answers.map(said)).toEqual([
      'MISS hit=0, fetched=2',
      'HIT hit=2, fetched=0',
      'MISS hit=1, fetched=2',
      'HIT hit=4, fetched=0',
    ]);
    expect(askedOf(upstream.calls)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(JSON.parse(answers[3]?.text as string)).toMatchObject({ object: 'list', model: 'm-1' });
    expect(answers[3]?.headers['cache-status']).toMatch(/^refrain; hit; ttl=\d+; detail=memory$/);
  });

  story('and a request with one input find each other’s answers', async ({ upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    const words = [];
    for (const input of ['a', ['a'], ['b', 'a'], 'b', [[1, 2]], [1, 2], [[3], [1, 2]], [3], ['1,2'], '1,2']) {
      words.push((await ask(url + EMBEDDINGS, { body: bodyOf(input) })).headers['x-cache']);
    }
    expect(words.join()).toBe('MISS,HIT,MISS,HIT,MISS,HIT,MISS,HIT,MISS,HIT');
    expect(askedOf(upstream.calls)).toEqual([['a'], ['b'], [[1, 2]], [[3]], ['1,2']]);
  });

  story('goes up as it came where nothing of it is known', async ({ upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    const body = '{ "input": ["x",\n "\\u0061"], "model": "m" }';
    await ask(url + EMBEDDINGS, { body });
    expect(upstream.calls[0]?.body.toString()).toBe(body);
    await ask(url + EMBEDDINGS, { body: '{ "input": ["z" ,"a", "\\u007a","y"], "model": "m" }' });
    expect(upstream.calls[1]?.body.toString()).toBe('{ "input": ["z","y"], "model": "m" }');
  });

  story('is sent again as it came, white space and all', async ({ upstream, open }) => {
    const vectors = [0, 1].map((index) => ({ object: 'embedding', index, embedding: [0.5, index] }));
    const usage = { prompt_tokens: 2, total_tokens: 2 };
    const compact = JSON.stringify({ object: 'list', data: vectors, model: 'm', usage });
    // As encoders of Go and of Python write it.
    const spellings = [`${compact}\n`, compact.replaceAll(/([,:])/g, '$1 '), compact];
    upstream.script = (call) => sendJson(call, spellings[upstream.calls.length - 1] ?? '');
    const { url } = await open();
    for (const [at, text] of spellings.entries()) {
      const body = bodyOf([`a${at}`, `b${at}`]);
      for (const word of ['MISS', 'HIT']) {
        expect(await ask(url + EMBEDDINGS, { body })).toMatchObject({ text, headers: { 'x-cache': word } });
      }
      expect(said(await ask(url + EMBEDDINGS, { body: bodyOf([`b${at}`]) }))).toBe('HIT hit=1, fetched=0');
    }
  });

  story('has an input that it repeats asked for once', async ({ upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    const input = ['a', 'b', 'a', 'a'];
    const answer = await ask(url + EMBEDDINGS, { body: bodyOf(input), headers: { 'x-refrain-debug': '1' } });
    expectVectors(answer, input);
    expect(said(answer)).toBe('MISS hit=2, fetched=2');
    expect(answer.headers['x-refrain-why']).toBe('2 of 4 inputs are not kept');
    expect(askedOf(upstream.calls)).toEqual([['a', 'b']]);
  });

  story.for([{ isShuffled: true }, { isIndexless: true }])('is put in order: %o', async (style, { upstream, open }) => {
    upstream.script = embeds(style);
    const { url } = await open();
    for (const input of [
      ['a', 'b', 'c'],
      ['b', 'd', 'e', 'a'],
      ['e', 'd', 'c', 'b', 'a'],
    ].slice(style.isIndexless ? 1 : 0)) {
      const answer = await ask(url + EMBEDDINGS, { body: bodyOf(input) });
      if (answer.headers['x-cache'] === 'HIT' || upstream.calls.length > 1) expectVectors(answer, input);
    }
    expect(upstream.calls).toHaveLength(2);
  });

  story('is kept apart by encoding and dimensions', async ({ upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    const input = ['a', 'b'];
    for (const others of [{}, { encoding_format: 'base64' }, { dimensions: 3 }]) {
      for (const word of ['MISS hit=0, fetched=2', 'HIT hit=2, fetched=0']) {
        const answer = await ask(url + EMBEDDINGS, { body: bodyOf(input, others) });
        expect(said(answer)).toBe(word);
        expectVectors(answer, input, (others as { encoding_format?: string }).encoding_format);
      }
    }
  });

  story('of moderations is answered in the same way', async ({ upstream, open }) => {
    upstream.script = moderates;
    const { url } = await open();
    const results = [];
    for (const input of [['a', 'b'], ['c', 'b', 'a'], 'c']) {
      const answer = await ask(`${url}/v1/moderations`, { body: bodyOf(input) });
      results.push([
        said(answer),
        JSON.parse(answer.text)
          .results.map(({ of }: { of: string }) => of)
          .join(''),
      ]);
    }
    expect(results).toEqual([
      ['MISS hit=0, fetched=2', 'ab'],
      ['MISS hit=2, fetched=1', 'cba'],
      ['HIT -', 'c'],
    ]);
    expect(askedOf(upstream.calls)).toEqual([['a', 'b'], ['c']]);
  });

  story('is found again after a restart, from the file', async ({ upstream, open, folder }) => {
    upstream.script = embeds();
    const store = { path: `${folder}/cache.sqlite` };
    const first = await open({ store });
    await ask(first.url + EMBEDDINGS, { body: bodyOf(['a', 'b']) });
    await first.stop();
    const { url } = await open({ store });
    const answer = await ask(url + EMBEDDINGS, { body: bodyOf(['b', 'c', 'a']) });
    expectVectors(answer, ['b', 'c', 'a']);
    expect(said(answer)).toBe('MISS hit=2, fetched=1');
    expect(said(await ask(url + EMBEDDINGS, { body: bodyOf(['c', 'b']) }))).toBe('HIT hit=2, fetched=0');
  });
});

describe('goes whole', () => {
  const WHOLE: Record<string, { others?: object; headers?: Record<string, string> }> = {
    'with a field that is not known': { others: { late_chunking: true } },
    'with a value that is not known': { others: { dimensions: '3' } },
    'where its request says so': { headers: { 'x-refrain-items': 'off' } },
    'signed for AWS': { headers: { authorization: 'AWS4-HMAC-SHA256 Credential=a' } },
    ...Object.fromEntries(
      ['signature', 'digest', 'content-digest', 'content-md5', 'x-amz-content-sha256'].map((name) => [
        `with ${name}`,
        { headers: { [name]: 'x' } },
      ]),
    ),
  };

  story.for(Object.entries(WHOLE))('a batch %s', async ([, { others, headers = {} }], { upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    const words = [];
    for (const input of [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'b'],
    ])
      words.push(said(await ask(url + EMBEDDINGS, { body: bodyOf(input, others), headers })));
    expect(words).toEqual(['MISS -', 'MISS -', 'HIT -']);
    expect(askedOf(upstream.calls)).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ]);
  });

  story('a batch that is compressed', async ({ upstream, open }) => {
    upstream.script = ({ response }) => sendJson({ response } as Call, '{"error":{}}', 400);
    const { url } = await open();
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const answer = await ask(url + EMBEDDINGS, { body: gzipSync(JSON.stringify(bodyOf(['a', 'b']))), headers });
    expect(said(answer)).toBe('MISS -');
  });

  story.for([[['a', [1]]], [[]], [['a', '\ud800']], [[1, 2]], [[['a']]], [[{ type: 'text' }]]])(
    'a list that is no batch: %j',
    async ([input], { upstream, open }) => {
      upstream.script = ({ response }) => sendJson({ response } as Call, '{"error":{}}', 400);
      const { url } = await open();
      expect(said(await ask(url + EMBEDDINGS, { body: bodyOf(input) }))).toBe('MISS -');
    },
  );

  story('every batch, where the setting says so; what was kept so stays a hit', async ({ upstream, open, folder }) => {
    upstream.script = embeds();
    const store = { path: `${folder}/cache.sqlite` };
    const first = await open({ items: 'off', store });
    const words = [];
    for (const input of [['a', 'b'], ['b']])
      words.push(said(await ask(first.url + EMBEDDINGS, { body: bodyOf(input) })));
    await first.stop();
    const { url } = await open({ store });
    words.push(said(await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) })));
    expect(words).toEqual(['MISS -', 'MISS -', 'HIT hit=2, fetched=0']);
  });

  story('a rerank, whose scores depend on each other', async ({ upstream, open }) => {
    upstream.script = (call) => sendJson(call, rerankAnswer(2));
    const { url } = await open();
    const words = [];
    for (const documents of [
      ['a', 'b'],
      ['b', 'a'],
    ])
      words.push(said(await ask(`${url}/v1/rerank`, { body: { model: 'm', query: 'x', documents } })));
    expect(words).toEqual(['MISS -', 'MISS -']);
  });

  story('nothing on a control that is no word of ours', async ({ open }) => {
    const { url } = await open();
    const headers = { 'x-refrain-items': 'maybe' };
    expect((await ask(url + EMBEDDINGS, { body: bodyOf(['a']), headers })).status).toBe(400);
  });
});

describe('what a batch is told', () => {
  story('with one input missing and only-if-cached is 504', async ({ upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) });
    const headers = { 'cache-control': 'only-if-cached' };
    const missing = await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'c']), headers });
    expect([missing.status, JSON.parse(missing.text).error.code]).toEqual([504, 'not_cached']);
    const known = await ask(url + EMBEDDINGS, { body: bodyOf(['b', 'a']), headers });
    expect([known.status, said(known)]).toEqual([200, 'HIT hit=2, fetched=0']);
    expect(upstream.calls).toHaveLength(1);
  });

  story('by an upstream that refuses the missing ones is what that said', async ({ upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
    upstream.script = (call) => sendJson(call, '{"error":{"message":"slow down"}}', 429);
    const answer = await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'c']) });
    expect([answer.status, answer.text]).toEqual([429, '{"error":{"message":"slow down"}}']);
    expect(said(await ask(url + EMBEDDINGS, { body: bodyOf(['a']) }))).toBe('HIT hit=1, fetched=0');
  });

  /** Answers to two inputs that are no answers to two inputs. */
  const ODD: Record<string, string> = {
    'too few vectors': '{"object":"list","data":[{"index":0,"embedding":[1]}],"model":"m-1"}',
    'one number twice': '{"data":[{"index":1,"embedding":[1]},{"index":1,"embedding":[1]}],"model":"m-1"}',
    'a member that is not known': '{"data":[{"embedding":[1]},{"embedding":[2]}],"model":"m-1","meta":1}',
    'a cost': '{"data":[{"embedding":[1]},{"embedding":[2]}],"model":"m-1","usage":{"cost":0.1}}',
    'no usage': '{"data":[{"embedding":[1]},{"embedding":[2]}],"model":"m-1"}',
    'another model':
      '{"data":[{"embedding":[1]},{"embedding":[2]}],"model":"m-2","usage":{"prompt_tokens":1,"total_tokens":1}}',
    'a name twice': '{"data":[{"embedding":[1]},{"embedding":[2]}],"model":"m-1","model":"m-1"}',
    'no JSON': 'no',
  };

  story.for(Object.entries(ODD))(
    'where the missing ones get %s is the answer to all',
    async ([, odd], { upstream, open }) => {
      upstream.script = embeds();
      const { url } = await open();
      await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
      const whole = embeds();
      upstream.script = (call) => (inputsOf(call.body.toString()).length === 2 ? sendJson(call, odd) : whole(call));
      const answer = await ask(url + EMBEDDINGS, { body: bodyOf(['b', 'a', 'c']) });
      expectVectors(answer, ['b', 'a', 'c']);
      expect(said(answer)).toBe('MISS hit=0, fetched=3');
      expect(askedOf(upstream.calls).slice(1)).toEqual([
        ['b', 'c'],
        ['b', 'a', 'c'],
      ]);
    },
  );

  story('that has not one vector for each input is relayed, and not kept', async ({ upstream, open }) => {
    upstream.script = (call) => sendJson(call, ODD['too few vectors'] as string);
    const { url } = await open();
    for (let time = 0; time < 2; time++) {
      const answer = await ask(url + EMBEDDINGS, { body: bodyOf(['b', 'c']) });
      expect([answer.text, said(answer)]).toEqual([ODD['too few vectors'], 'MISS hit=0, fetched=2']);
    }
  });

  story('at once with an equal one is the same, from one call', async ({ upstream, open }) => {
    const whole = embeds();
    upstream.script = whole;
    const { url } = await open();
    await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
    const held: Call[] = [];
    upstream.script = (call) => void held.push(call);
    const asked = Array.from({ length: 5 }, () => ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) }));
    await upstream.called(2);
    whole(held[0] as Call);
    const answers = await Promise.all(asked);
    for (const answer of answers) expectVectors(answer, ['a', 'b']);
    expect(upstream.calls).toHaveLength(2);
    expect(
      answers
        .map(({ headers }) => headers['x-cache'])
        .toSorted()
        .at(-1),
    ).toBe('MISS');
  });
});

describe('what is kept of a batch', () => {
  story('ends by itself: an input that has expired is asked for again, and no other', async ({ upstream, open }) => {
    upstream.script = embeds();
    const clock = createTestClock();
    const { url } = await open({ ttl: 10 }, clock);
    await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
    clock.advance(6_000);
    expect(said(await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) }))).toBe('MISS hit=1, fetched=1');
    const kept = await ask(url + EMBEDDINGS, { body: bodyOf(['b', 'a']) });
    expect([kept.headers.age, kept.headers['cache-status']]).toEqual(['6', 'refrain; hit; ttl=4; detail=memory']);
    clock.advance(5_000);
    const answer = await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) });
    expect(said(answer)).toBe('MISS hit=1, fetched=1');
    expect(askedOf(upstream.calls)).toEqual([['a'], ['b'], ['a']]);
  });

  story('is asked for anew by no-cache, as it came', async ({ upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    const body = bodyOf(['a', 'b']);
    await ask(url + EMBEDDINGS, { body });
    const answer = await ask(url + EMBEDDINGS, { body, headers: { 'cache-control': 'no-cache' } });
    expect(said(answer)).toBe('MISS hit=0, fetched=2');
    const young = await ask(url + EMBEDDINGS, { body, headers: { 'cache-control': 'max-age=60' } });
    expect(said(young)).toBe('HIT hit=2, fetched=0');
  });

  story('is served stale where the upstream fails', async ({ upstream, open }) => {
    upstream.script = embeds();
    const clock = createTestClock();
    const { url } = await open({ ttl: 10, stale: { error: 60 } }, clock);
    await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) });
    clock.advance(11_000);
    upstream.script = (call) => sendJson(call, '{"error":{}}', 500);
    const answer = await ask(url + EMBEDDINGS, { body: bodyOf(['b', 'a']) });
    expectVectors(answer, ['b', 'a']);
    expect(said(answer)).toBe('HIT hit=2, fetched=0');
  });

  story('is served stale while what has expired of it is asked for anew', async ({ upstream, open }) => {
    upstream.script = embeds();
    const clock = createTestClock();
    const proxy = await open({ ttl: 10, stale: { revalidate: 60 } }, clock);
    const { url } = proxy;
    await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
    clock.advance(8_000);
    await ask(url + EMBEDDINGS, { body: bodyOf(['b']) });
    clock.advance(4_000);
    const answer = await ask(url + EMBEDDINGS, { body: bodyOf(['b', 'a']) });
    expectVectors(answer, ['b', 'a']);
    expect(said(answer)).toBe('HIT hit=2, fetched=0');
    await landed(proxy);
    expect(askedOf(upstream.calls)).toEqual([['a'], ['b'], ['a']]);
    expect((await ask(url + EMBEDDINGS, { body: bodyOf('a') })).headers['cache-status']).toContain('ttl=10;');
  });

  story('is listed and purged input by input, also on its way', async ({ upstream, open }) => {
    const whole = embeds();
    upstream.script = whole;
    const proxy = await open();
    const { url, adminUrl } = proxy;
    await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) });
    const { entries } = JSON.parse((await ask(`${adminUrl}/entries`)).text);
    expect(entries).toHaveLength(2);
    const [{ key }] = entries;
    const held: Call[] = [];
    upstream.script = (call) => void held.push(call);
    const headers = { 'cache-control': 'no-cache' };
    const asked = ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']), headers });
    await upstream.called(2);
    await ask(`${adminUrl}/entries/${key}`, { method: 'DELETE' });
    whole(held[0] as Call);
    expect(said(await asked)).toBe('MISS hit=0, fetched=2');
    await landed(proxy);
    expect(JSON.parse((await ask(`${adminUrl}/entries`)).text).entries).toHaveLength(1);
  });

  story('says what its inputs took, and the usage ledger what was spared', async ({ upstream, open }) => {
    upstream.script = embeds();
    const proxy = await open();
    const { url, adminUrl } = proxy;
    const records = recordsOf(proxy);
    const usageOf = async (input: unknown) =>
      JSON.parse((await ask(url + EMBEDDINGS, { body: bodyOf(input) })).text).usage.prompt_tokens;
    const [first, second] = [
      [[1, 2, 3], [4]],
      [[4], [5, 6], [1, 2, 3]],
    ];
    expect(await usageOf(first)).toBe(4);
    expect(await usageOf(second)).toBe(6);
    expect([await usageOf([1, 2, 3]), await usageOf([4]), await usageOf([[5, 6]])]).toEqual([3, 1, 2]);
    await recorded(records, 5);
    expect(records[1]).toMatchObject({
      outcome: 'miss',
      call: { usage: { input: 2 } },
      items: { hit: 2, fetched: 1, spared: { input: 4 } },
    });
    const { all } = JSON.parse((await ask(`${adminUrl}/stats`)).text).periods;
    expect(all).toMatchObject({ requests: 5, hits: 3, misses: 2 });
    expect(all.tokens).toMatchObject({ spent: { input: 6 }, saved: { input: 10 } });
    // Texts share out what all of them took, to the last token.
    const texts = ['a', 'a longer one', 'and the longest of all of them'];
    const total = texts.reduce((sum, text) => sum + tokensOf(text), 0);
    expect(await usageOf(texts)).toBe(total);
    const shares = [];
    for (const text of texts) shares.push(await usageOf(text));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total);
  });
});
