import { describe, expect } from 'vitest';
import type { Overrides } from '../../src/config/config.ts';
import {
  CHAT,
  chatAnswer,
  chatChunk,
  chatEvents,
  chatRequest,
  responseAnswer,
  sendJson,
  sendStream,
} from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';
import { namedEvent } from './validate.ts';

const RESPONSES = '/v1/responses';
const JSON_ASKED = { response_format: { type: 'json_object' } };
const [ROLE = ''] = chatEvents();
const CALL = chatChunk({
  tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'depth_of', arguments: '{"sea":' } }],
});
const CUT_CALL = [ROLE, CALL, chatChunk({}, 'tool_calls'), 'data: [DONE]\n\n'];
const FORMATTED = { model: 'm', input: 'x', text: { format: { type: 'json_schema', name: 'sea', schema: {} } } };
const INCOMPLETE = JSON.stringify({
  ...JSON.parse(responseAnswer('Salt', 'resp_1', 'incomplete')),
  incomplete_details: { reason: 'max_output_tokens' },
});
const INCOMPLETE_EVENTS = [namedEvent('response.incomplete', { response: JSON.parse(INCOMPLETE) })];

describe('passes as it is, and is kept or not:', () => {
  for (const [what, path, body, answer, overrides, word] of [
    ['a stream whose tool call breaks off', CHAT, chatRequest('x', { stream: true }), CUT_CALL, {}, 'MISS'],
    ['prose where JSON was asked for', CHAT, chatRequest('x', JSON_ASKED), chatAnswer('Salt.'), {}, 'MISS'],
    ['JSON where JSON was asked for', CHAT, chatRequest('x', JSON_ASKED), chatAnswer('{"sea":"Baltic"}'), {}, 'HIT'],
    [
      'a stream of prose where JSON was asked for',
      CHAT,
      chatRequest('x', { ...JSON_ASKED, stream: true }),
      chatEvents(),
      {},
      'MISS',
    ],
    [
      'a stream of JSON where JSON was asked for',
      CHAT,
      chatRequest('x', { ...JSON_ASKED, stream: true }),
      chatEvents(['{"sea":', '1}']),
      {},
      'HIT',
    ],
    ['a response of prose where JSON was asked for', RESPONSES, FORMATTED, responseAnswer('Salt.'), {}, 'MISS'],
    ['a response that is incomplete', RESPONSES, { model: 'm', input: 'x' }, INCOMPLETE, {}, 'MISS'],
    [
      'a response that is incomplete, where that is set',
      RESPONSES,
      { model: 'm', input: 'x' },
      INCOMPLETE,
      { keep: ['length', 'incomplete'] },
      'HIT',
    ],
    [
      'a stream of one, where that is set',
      RESPONSES,
      { model: 'm', input: 'x', stream: true },
      INCOMPLETE_EVENTS,
      { keep: ['length', 'incomplete'] },
      'HIT',
    ],
  ] as readonly (readonly [string, string, object, string | string[], Overrides, string])[]) {
    story(what, async ({ upstream, open }) => {
      const proxy = await open(overrides);
      upstream.script = (call) => (typeof answer === 'string' ? sendJson(call, answer) : sendStream(call, answer));
      const first = await ask(proxy.url + path, { body });
      expect(first).toMatchObject({ status: 200, text: [answer].flat().join(''), broken: false });
      expect(await ask(proxy.url + path, { body })).toMatchObject({
        text: first.text,
        broken: false,
        headers: { 'x-cache': word },
      });
    });
  }
});
