/**
 * How failures reach the programs that use OpenAI's own clients: as the errors
 * that they know, and never as an answer that only looks whole.
 */
import type { OpenAI } from 'openai';
import { describe, expect } from 'vitest';
import {
  answerAll,
  chatEvents,
  completionEvents,
  endAfter,
  errorAnswer,
  resetAfter,
  responseEvents,
  sendJson,
} from '../harness/answers.ts';
import { PROMPT, QUESTION, RESPONSE, STREAM } from '../harness/questions.ts';
import { connect, NEWEST, OLDER, readAll, readJson } from '../harness/sdk.ts';
import { story } from '../harness/story.ts';
import { startUpstream } from '../harness/upstream.ts';

/** How a stream dies, what was asked, and how many events came before. */
const DEATHS = [
  ['a chat stream', resetAfter(chatEvents().slice(0, -2).join('')), 'chat', chatEvents().length - 2],
  ['a completion stream', resetAfter(completionEvents()[0] as string), 'completions', 1],
  ['a responses stream', resetAfter(responseEvents().slice(0, -1).join('')), 'responses', responseEvents().length - 1],
] as const;

const ERROR_EVENT = 'data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":"busy"}}\n\n';

/** How a stream ends by itself before it is whole, and what was asked. */
const ENDS = [
  ['before its finish_reason', chatEvents().slice(0, -2).join(''), 'chat'],
  ['in [DONE] before its finish_reason', chatEvents().toSpliced(-2, 1).join(''), 'chat'],
  ['without [DONE]', chatEvents().slice(0, -1).join(''), 'chat'],
  ['after an error event and more', chatEvents().toSpliced(2, 0, ERROR_EVENT).join(''), 'chat'],
  ['before its finish_reason, of a completion,', completionEvents()[0] as string, 'completions'],
  ['before it is completed, of a response,', responseEvents().slice(0, 5).join(''), 'responses'],
] as const;

const STREAMED: Record<(typeof DEATHS)[number][2], (client: OpenAI) => Promise<AsyncIterable<unknown>>> = {
  chat: (client) => client.chat.completions.create(STREAM),
  completions: (client) => client.completions.create({ ...PROMPT, stream: true }),
  responses: (client) => client.responses.create({ ...RESPONSE, stream: true }),
};

describe.each([NEWEST, OLDER])('$name', (sdk) => {
  story('tries again when it is told to, and only the answer is kept', async ({ upstream, open }) => {
    const client = connect(sdk, `${(await open()).url}/v1`);
    upstream.script = (call) => {
      if (upstream.calls.length > 1) answerAll(call);
      else sendJson(call, errorAnswer('slow down', 'rate_limit_exceeded'), 429, { 'retry-after-ms': '1' });
    };
    expect(await readJson(client.chat.completions.create(QUESTION))).toMatchObject({ word: 'MISS' });
    expect(await readJson(client.chat.completions.create(QUESTION))).toMatchObject({ word: 'HIT' });
    expect(upstream.calls).toHaveLength(2);
  });

  story('asks once for what is not kept, where the upstream may not be asked', async ({ upstream, open }) => {
    const proxy = await open();
    const client = connect(sdk, `${proxy.url}/v1`, { maxRetries: 2 });
    const error = await client.chat.completions
      .create(QUESTION, { headers: { 'cache-control': 'only-if-cached' } })
      .catch((raised: unknown) => raised);
    expect(error).toMatchObject({ status: 504, code: 'not_cached' });
    expect(proxy.app.ledger.counts().requests).toBe(1);
    expect(upstream.calls).toHaveLength(0);
  });

  story("raises the upstream's own error", async ({ upstream, open }) => {
    const client = connect(sdk, `${(await open()).url}/v1`);
    upstream.script = (call) =>
      sendJson(call, errorAnswer('Incorrect API key provided: sk-test.', 'invalid_api_key'), 401);
    for (const question of [QUESTION, STREAM, QUESTION]) {
      const error = await client.chat.completions.create(question).catch((raised: unknown) => raised);
      expect(error).toBeInstanceOf(sdk.Client.AuthenticationError);
      expect(error).toMatchObject({
        message: expect.stringContaining('Incorrect API key provided'),
        code: 'invalid_api_key',
      });
    }
    expect(upstream.calls).toHaveLength(3);
  });

  for (const [what, script, form, count] of DEATHS) {
    story(`raises while it reads ${what} that is reset; nothing is kept`, async ({ upstream, open }) => {
      const client = connect(sdk, `${(await open()).url}/v1`);
      upstream.script = script;
      const events: unknown[] = [];
      const error = await readAll(await STREAMED[form](client), events).catch((raised: unknown) => raised);
      expect(error).toBeInstanceOf(sdk.Client.APIError);
      expect(error).toMatchObject({ code: 'upstream_cut', type: 'refrain_error' });
      expect(events).toHaveLength(count);
      upstream.script = answerAll;
      expect((await readAll(await STREAMED[form](client))).slice(0, count)).toEqual(events);
      expect(upstream.calls).toHaveLength(2);
    });
  }

  story('raises an error of the connection where a stream is reset within an event', async ({ upstream, open }) => {
    const { url } = await open();
    upstream.script = resetAfter(chatEvents().slice(0, 3).join('').slice(0, -9));
    for (const base of [upstream.url, url]) {
      const events: unknown[] = [];
      const asked = STREAMED.chat(connect(sdk, `${base}/v1`));
      const error = await readAll(await asked, events).catch((raised: unknown) => raised);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(SyntaxError);
      expect(events).toHaveLength(2);
    }
  });

  for (const [what, text, form] of ENDS) {
    story(
      `reads a stream that its upstream ends ${what} as it would without Refrain; nothing is kept`,
      async ({ upstream, open }) => {
        upstream.script = endAfter(text);
        const read = async (url: string) => {
          const events: unknown[] = [];
          const end = await readAll(await STREAMED[form](connect(sdk, `${url}/v1`)), events).then(
            () => 'ended',
            ({ name, message }: Error) => [name, message],
          );
          return { events, end };
        };
        const straight = await read(upstream.url);
        const { url } = await open({ doneMarker: 'required' });
        expect([await read(url), await read(url)]).toEqual([straight, straight]);
        expect(upstream.calls).toHaveLength(3);
      },
    );
  }

  story('raises an error that says what to check when nobody answers upstream', async ({ open }) => {
    const gone = await startUpstream(answerAll);
    const { url } = await open({ upstream: `${gone.url}/v1` });
    await gone.stop();
    const client = connect(sdk, `${url}/v1`, { maxRetries: 0 });
    const error = await client.chat.completions.create(QUESTION).catch((raised: unknown) => raised);
    expect(error).toBeInstanceOf(sdk.Client.InternalServerError);
    expect(error).toMatchObject({
      status: 502,
      code: 'upstream_unreachable',
      message: expect.stringContaining('REFRAIN_UPSTREAM'),
    });
  });
});
