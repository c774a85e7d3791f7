/**
 * Batches that are answered in part from what is kept, as others meet them: a new answer, a purge, a stricter request.
 */
import { describe, expect } from 'vitest';
import { type Answer, ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { EMBEDDINGS, embeds, inputsOf } from '../harness/embeddings.ts';
import { landed } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Call } from '../harness/upstream.ts';

const bodyOf = (input: unknown) => ({ model: 'm', input });
const said = ({ headers }: Answer) => `${headers['x-cache']} ${headers['x-refrain-items'] ?? '-'}`;
const askedOf = (calls: readonly Call[]) => calls.map(({ body }) => inputsOf(body.toString()));

/** Vectors of a generation, which tells when they were made. */
function ofGeneration(generation: number, headers = {}): (call: Call) => void {
  return ({ body, response }) => {
    const data = inputsOf(body.toString()).map((_, index) => ({ index, embedding: [generation] }));
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ object: 'list', data, model: 'm-1' }));
  };
}

function generationsIn({ text }: Answer): readonly number[] {
  return (JSON.parse(text) as { data: { embedding: number[] }[] }).data.map(({ embedding }) => embedding[0] as number);
}

describe('a batch', () => {
  story('that was kept whole is not served once no-cache has brought a new answer', async ({ upstream, open }) => {
    const { url } = await open();
    const body = bodyOf(['a', 'b']);
    upstream.script = ofGeneration(1);
    await ask(url + EMBEDDINGS, { body, headers: { 'x-refrain-items': 'off' } });
    upstream.script = ofGeneration(2);
    await ask(url + EMBEDDINGS, { body, headers: { 'cache-control': 'no-cache' } });
    const answer = await ask(url + EMBEDDINGS, { body });
    expect([said(answer), generationsIn(answer)]).toEqual(['HIT hit=2, fetched=0', [2, 2]]);
  });

  story('is not followed by a request that wants nothing as old as its known inputs', async ({ upstream, open }) => {
    const clock = createTestClock();
    const { url } = await open({}, clock);
    upstream.script = ofGeneration(1);
    await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
    clock.advance(60_000);
    const held: Call[] = [];
    upstream.script = (call) => void held.push(call);
    const first = ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) });
    await upstream.called(2);
    const strict = ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']), headers: { 'cache-control': 'max-age=10' } });
    // Its own request comes after, so that both are in.
    await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
    upstream.script = ofGeneration(2);
    ofGeneration(2)(held[0] as Call);
    expect([generationsIn(await first), generationsIn(await strict)]).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  story(
    'has inputs that have expired asked for anew, whatever its request would have taken',
    async ({ upstream, open }) => {
      const clock = createTestClock();
      const { url } = await open({ ttl: 10 }, clock);
      upstream.script = ofGeneration(1);
      await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
      clock.advance(20_000);
      upstream.script = ofGeneration(2);
      const headers = { 'cache-control': 'max-stale=100' };
      expect(generationsIn(await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']), headers }))).toEqual([2, 2]);
    },
  );

  story.for([{ tag: 'one' }, { olderThan: 30 }])(
    'is not followed once its known inputs are purged by %o',
    async (purge, { upstream, open }) => {
      const clock = createTestClock();
      const { url, adminUrl } = await open({}, clock);
      upstream.script = ofGeneration(1);
      await ask(url + EMBEDDINGS, { body: bodyOf(['a']), headers: { 'x-refrain-tags': 'one' } });
      clock.advance(60_000);
      const held: Call[] = [];
      upstream.script = (call) => void held.push(call);
      const first = ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) });
      await upstream.called(2);
      expect((await ask(`${adminUrl}/purge`, { body: purge })).status).toBe(200);
      upstream.script = ofGeneration(2);
      const second = await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) });
      expect(generationsIn(second)).toEqual([2, 2]);
      ofGeneration(3)(held[0] as Call);
      expect(generationsIn(await first)).toEqual([1, 3]);
      expect(generationsIn(await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) }))).toEqual([2, 2]);
    },
  );

  story('whose rest was not kept says so, beside what is not known of it', async ({ upstream, open }) => {
    const { url } = await open();
    upstream.script = ofGeneration(1);
    await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
    upstream.script = ofGeneration(2, { 'cache-control': 'no-store', 'set-cookie': 'a=1' });
    const headers = { 'x-refrain-debug': '1' };
    for (const more of ['', '; the last answer was not kept: the upstream said no-store']) {
      const answer = await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']), headers });
      expect(generationsIn(answer)).toEqual([1, 2]);
      expect(answer.headers).toMatchObject({
        'x-refrain-why': `1 of 2 inputs are not kept${more}`,
        'cache-status': 'refrain; fwd=miss; detail=upstream-no-store',
        'set-cookie': ['a=1'],
      });
    }
  });

  story('is never compared with the answers to its own inputs', async ({ upstream, open }) => {
    const { url } = await open({ auth: { recheck: 0 } });
    upstream.script = ofGeneration(1);
    const headers = { 'authorization': 'Bearer sk', 'x-refrain-debug': '1' };
    const whyOf = async (...input: string[]) =>
      (await ask(url + EMBEDDINGS, { body: bodyOf(input), headers })).headers['x-refrain-why'];
    const inputs = Array.from({ length: 30 }, (_, at) => `input ${at}`);
    expect(await whyOf(...inputs)).toMatch(/^nothing to compare/);
    expect(await whyOf('another', 'two')).toMatch(/^nearest=[0-9a-f]{16}; at="\/body\/input"; differences=1$/);
  });

  story('is asked for whole where the answer to a part of it says that it varies', async ({ upstream, open }) => {
    const { url } = await open();
    upstream.script = ofGeneration(1);
    await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
    upstream.script = ofGeneration(2, { vary: 'user-agent' });
    const askAs = (agent: string) =>
      ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']), headers: { 'user-agent': agent } });
    const answers = [];
    for (const agent of ['eu', 'eu', 'us', 'us']) answers.push(await askAs(agent));
    expect(answers.map(said)).toEqual(['MISS hit=0, fetched=2', 'HIT -', 'MISS hit=0, fetched=2', 'HIT -']);
    expect(answers.map(generationsIn)).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
    expect(askedOf(upstream.calls)).toEqual([['a'], ['b'], ['a', 'b'], ['a', 'b']]);
  });

  story('is put together from no input whose answers vary', async ({ upstream, open }) => {
    const { url } = await open();
    const vary = { vary: 'user-agent' };
    upstream.script = ofGeneration(1, vary);
    const eu = { 'user-agent': 'eu' };
    for (const input of ['a', 'b']) await ask(url + EMBEDDINGS, { body: bodyOf(input), headers: eu });
    upstream.script = ofGeneration(2, vary);
    const words = [];
    for (const headers of [eu, { 'user-agent': 'us' }, eu])
      words.push(said(await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']), headers })));
    expect(words).toEqual(['MISS hit=0, fetched=2', 'MISS hit=0, fetched=2', 'HIT -']);
    expect(askedOf(upstream.calls).slice(2)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  story(
    'has no input that a clock ahead of this one has dated, beside one that is older',
    async ({ open, upstream }) => {
      const clock = createTestClock();
      const { url } = await open({ ttl: 86_400 }, clock);
      upstream.script = ofGeneration(1);
      await ask(url + EMBEDDINGS, { body: bodyOf(['a']) });
      clock.advance(7_200_000);
      await ask(url + EMBEDDINGS, { body: bodyOf(['b']) });
      clock.advance(-3_600_000);
      upstream.script = ofGeneration(2);
      const answer = await ask(url + EMBEDDINGS, { body: bodyOf(['a', 'b']) });
      expect([said(answer), generationsIn(answer)]).toEqual(['MISS hit=1, fetched=1', [1, 2]]);
    },
  );
});

describe('a batch whose answer would be longer than one that is kept', () => {
  const LIMITED = { maxEntryBytes: 2_000 };
  const INPUTS = Array.from({ length: 40 }, (_, at) => `input ${at}`);
  const debug = { 'x-refrain-debug': '1' };

  for (const [what, inputs, calls] of [
    ['is asked for whole where all of it is known', INPUTS, [INPUTS]],
    ['is asked for whole where most of it is known', [...INPUTS, 'new'], [[...INPUTS, 'new']]],
    [
      'is asked for whole where one known input makes it so',
      INPUTS.map(() => 'input 0'),
      [INPUTS.map(() => 'input 0')],
    ],
    ['is found to be so by what is fetched', INPUTS.map(() => 'new'), [['new'], INPUTS.map(() => 'new')]],
  ] as const) {
    story(what, async ({ open, upstream }) => {
      upstream.script = embeds();
      const proxy = await open(LIMITED);
      for (let at = 0; at < INPUTS.length; at += 5)
        await ask(proxy.url + EMBEDDINGS, { body: bodyOf(INPUTS.slice(at, at + 5)) });
      const before = upstream.calls.length;
      const answer = await ask(proxy.url + EMBEDDINGS, { body: bodyOf(inputs), headers: debug });
      expect(said(answer)).toBe(`MISS hit=0, fetched=${inputs.length}`);
      expect(answer.text).toContain(`"index": ${inputs.length - 1}`);
      expect(askedOf(upstream.calls.slice(before))).toEqual(calls);
      if (inputs[0] !== 'new') expect(answer.headers['x-refrain-why']).toContain('maxEntryBytes');
      await landed(proxy);
      expect(proxy.app.admission.bytes).toBe(0);
    });
  }

  story('is counted while it is gathered, and asked for whole where there is no room', async ({ open, upstream }) => {
    upstream.script = embeds();
    const proxy = await open({ limits: { bytes: 3_000 } });
    for (const input of ['a', 'b', 'c']) await ask(proxy.url + EMBEDDINGS, { body: bodyOf([input]) });
    const held: Call[] = [];
    upstream.script = (call) => void held.push(call);
    const partly = ask(proxy.url + EMBEDDINGS, { body: bodyOf(['a', 'b', 'new']) });
    await upstream.called(4);
    // The inputs that are known are held until the rest has come.
    expect(proxy.app.admission.bytes).toBeGreaterThan(200);
    upstream.script = embeds();
    embeds({ dimensions: 300 })(held[0] as Call);
    expect(said(await partly)).toBe('MISS hit=0, fetched=3');
    expect(askedOf(upstream.calls.slice(3))).toEqual([['new'], ['a', 'b', 'new']]);
    const all = await ask(proxy.url + EMBEDDINGS, { body: bodyOf(['c', 'b', 'a']) });
    expect(said(all)).toBe('HIT hit=3, fetched=0');
    await landed(proxy);
    expect(proxy.app.admission.bytes).toBe(0);
  });
});
