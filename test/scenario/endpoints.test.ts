/**
 * Every endpoint, whichever there are: what its descriptors promise holds from
 * the socket of a client to the usage ledger.
 */
import { describe, expect } from 'vitest';
import { type Endpoint, ENDPOINTS } from '../../src/endpoint.ts';
import { REQUEST_ENDPOINTS } from '../../src/request/endpoints/table.ts';
import type { RequestEndpoint } from '../../src/request/endpoints/request-endpoint.ts';
import { RESPONSE_ENDPOINTS } from '../../src/response/endpoints/table.ts';
import type { ResponseEndpoint } from '../../src/response/endpoints/response-endpoint.ts';
import { answerWith } from '../harness/anthropic.ts';
import { answerAll, errorAnswer } from '../harness/answers.ts';
import { type Answer, ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import type { Script } from '../harness/upstream.ts';
import { PATHS } from '../request/bodies.ts';

/** A request to each that has a whole answer. */
const ASKED: Readonly<Record<Endpoint, object>> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'x' }] },
  completions: { model: 'm', prompt: 'x' },
  embeddings: { model: 'm', input: 'x' },
  messages: { model: 'm', max_tokens: 64, messages: [{ role: 'user', content: 'x' }] },
  moderations: { model: 'm', input: 'x' },
  responses: { model: 'm', input: 'x' },
  rerank: { model: 'm', query: 'x', documents: ['a', 'b'] },
};

/** The endpoints whose answers tell of tokens. */
const COUNTED = new Set<Endpoint>(['chat', 'embeddings', 'messages', 'responses', 'rerank']);

const answer: Script = (call) => (call.url === PATHS.messages ? answerWith('text')(call) : answerAll(call));
const wordOf = ({ headers }: Answer) => headers['x-cache'];
const streams = (endpoint: Endpoint) => REQUEST_ENDPOINTS[endpoint].chooseForm(true, undefined).form === 'sse';

describe.each(ENDPOINTS)('%s', (endpoint) => {
  const path = PATHS[endpoint];
  const body = ASKED[endpoint];

  story('is asked once for two equal requests', async ({ upstream, open }) => {
    upstream.script = answer;
    const { url } = await open();
    const answers = [await ask(url + path, { body }), await ask(url + path, { body })];
    expect(answers.map(wordOf)).toEqual(['MISS', 'HIT']);
    expect(answers[1]?.text).toBe(answers[0]?.text);
  });

  if (streams(endpoint)) {
    story('is asked once for two equal streams, which are another form of one answer', async ({ upstream, open }) => {
      upstream.script = answer;
      const { url } = await open();
      const streamed = { body: { ...body, stream: true } };
      const answers = [
        await ask(url + path, streamed),
        await ask(url + path, streamed),
        await ask(url + path, { body }),
      ];
      expect(answers.map(wordOf)).toEqual(['MISS', 'HIT', 'MISS']);
      expect(new Set(answers.map(({ headers }) => headers['x-refrain-key'])).size).toBe(1);
      expect(answers[1]?.headers['content-type']).toMatch(/^text\/event-stream/);
    });
  } else {
    story('takes a stream for another question', async ({ upstream, open }) => {
      upstream.script = answer;
      const { url } = await open();
      const keys = [];
      for (const asked of [body, { ...body, stream: true }])
        keys.push((await ask(url + path, { body: asked })).headers['x-refrain-key']);
      expect(keys[0]).not.toBe(keys[1]);
    });
  }

  story('leaves ids of its input out of the key where its descriptor says so', async ({ upstream, open }) => {
    upstream.script = answer;
    const { url } = await open({ dialect: 'openai' });
    const keys = [];
    for (const id of ['a', 'b']) {
      const input = [{ id, role: 'user', content: 'x' }];
      keys.push((await ask(url + path, { body: { ...body, input } })).headers['x-refrain-key']);
    }
    expect(keys[0] === keys[1]).toBe(REQUEST_ENDPOINTS[endpoint].authoredIds !== null);
  });

  story('keeps no answer that is an error or breaks off', async ({ upstream, open }) => {
    const { url } = await open();
    for (const text of [errorAnswer('no'), '{"type":"error","error":{"type":"api_error"}}', '{}', '{"data":[']) {
      upstream.script = ({ response }) => response.setHeader('content-type', 'application/json').end(text);
      expect([wordOf(await ask(url + path, { body })), wordOf(await ask(url + path, { body }))], text).toEqual([
        'MISS',
        'MISS',
      ]);
    }
  });

  story('is counted, listed and purged by its name', async ({ upstream, open }) => {
    upstream.script = answer;
    const { url, adminUrl } = await open();
    await ask(url + path, { body });
    await ask(url + path, { body });
    const { all } = JSON.parse((await ask(`${adminUrl}/stats`)).text).periods;
    expect(all.endpoints).toMatchObject([{ endpoint, requests: 2, hits: 1, misses: 1 }]);
    expect(all.tokens.saved.input > 0).toBe(COUNTED.has(endpoint));
    const { entries } = JSON.parse((await ask(`${adminUrl}/entries?endpoint=${endpoint}`)).text);
    expect(entries).toMatchObject([{ endpoint, model: 'm', hits: 1 }]);
    const purged = await ask(`${adminUrl}/purge`, { body: { endpoint } });
    expect(JSON.parse(purged.text)).toMatchObject({ entries: 1 });
    expect(wordOf(await ask(url + path, { body }))).toBe('MISS');
  });

  story('is told of an error of ours in its own words', async ({ open }) => {
    const { url } = await open();
    const refused = await ask(url + path, { body, headers: { 'cache-control': 'only-if-cached' } });
    expect(refused.status).toBe(504);
    const early = await ask(url + path, { body, headers: { 'x-refrain-ttl': 'soon' } });
    expect(early.status).toBe(400);
    for (const { text } of [refused, early])
      expect(Object.keys(JSON.parse(text))).toEqual(endpoint === 'messages' ? ['type', 'error'] : ['error']);
  });
});

describe('a descriptor does not compile', () => {
  const { chooseForm: _, ...request } = REQUEST_ENDPOINTS.chat;
  const { createStreamValidator: __, ...response } = RESPONSE_ENDPOINTS.chat;

  story('that does not say in which forms it is asked, or when a stream of it is whole', () => {
    // @ts-expect-error: whether it streams would be left to chance
    request satisfies RequestEndpoint;
    // @ts-expect-error: none of its streams would ever be kept
    response satisfies ResponseEndpoint;
    // @ts-expect-error: an endpoint that has a name has descriptors
    ({ ...REQUEST_ENDPOINTS, chat: undefined }) satisfies typeof REQUEST_ENDPOINTS;
    expect(Object.keys(REQUEST_ENDPOINTS).toSorted()).toEqual(ENDPOINTS.toSorted());
    expect(Object.keys(RESPONSE_ENDPOINTS).toSorted()).toEqual(ENDPOINTS.toSorted());
  });
});
