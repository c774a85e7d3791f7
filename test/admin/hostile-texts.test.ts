/**
 * Whatever clients write comes back as the data that it is, and is found by
 * the text that it is.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHAT } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { connect, NEWEST } from '../harness/sdk.ts';
import { story } from '../harness/story.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';
import { CheckedAdminClient } from './checked-client.ts';

test('there are 200 and more of them, each once', () => {
  expect(new Set(HOSTILE_TEXTS).size).toBe(HOSTILE_TEXTS.length);
  expect(HOSTILE_TEXTS.length).toBeGreaterThanOrEqual(200);
});

for (const where of ['memory', 'the file']) {
  describe(`in ${where}`, () => {
    story(
      'prompts, models and tools are data, and are found',
      async ({ open, folder }) => {
        const proxy = await open({ store: { path: where === 'memory' ? null : join(folder, 'cache.sqlite') } });
        const admin = new CheckedAdminClient(proxy.adminUrl);
        const { chat } = connect(NEWEST, `${proxy.url}/v1`);
        const digits = new Map<string, string>();
        for (const [index, text] of HOSTILE_TEXTS.entries()) {
          const tools = [
            {
              type: 'function' as const,
              function: { name: text, parameters: { type: 'object', properties: { [text]: { type: 'string' } } } },
            },
          ];
          const messages = [{ role: 'user' as const, content: `${index}: ${text}` }];
          const { response } = await chat.completions.create({ model: `m ${text}`, messages, tools }).withResponse();
          digits.set(text, response.headers.get('x-refrain-key') as string);
        }
        for (const [index, text] of HOSTILE_TEXTS.entries()) {
          const found = await admin.rows({ text: `${index}: ${text}` });
          expect(
            found.map(({ key }) => key.slice(0, 16)),
            text,
          ).toEqual([digits.get(text)]);
          expect((await admin.rows({ text, limit: 500 })).map(({ key }) => key)).toContain(found[0]?.key);
          expect((await admin.rows({ model: `m ${text}` })).map(({ model }) => model)).toEqual([`m ${text}`]);
          const { request, model } = await admin.show(digits.get(text) as string);
          const body = JSON.parse(request?.body ?? '');
          expect([model, body.model, body.messages[0].content, body.tools[0].function.name]).toEqual([
            `m ${text}`,
            `m ${text}`,
            `${index}: ${text}`,
            text,
          ]);
          expect(Object.keys(body.tools[0].function.parameters.properties)).toEqual([text]);
        }
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
        const size = await proxy.app.store.size();
        expect(size.entries).toBeGreaterThanOrEqual(HOSTILE_TEXTS.length);
        const { text: listed, headers } = await ask(`${proxy.adminUrl}/entries?limit=500`);
        expect(headers['content-type']).toBe('application/json; charset=utf-8');
        expect(JSON.parse(listed).entries).toHaveLength(HOSTILE_TEXTS.length);
      },
      60_000,
    );
  });
}

story(
  'as filters they fit nothing, or are refused',
  async ({ open }) => {
    const proxy = await open();
    const admin = new CheckedAdminClient(proxy.adminUrl);
    await ask(proxy.url + CHAT, { body: { model: 'm', messages: [{ role: 'user', content: 'x' }] } });
    for (const text of HOSTILE_TEXTS) {
      expect(await admin.rows({ model: text }), text).toEqual([]);
      for (const name of ['scope', 'endpoint', 'sort', 'limit', 'cursor', 'olderThan'])
        expect((await admin.list({ [name]: text })).status, text).toBe(400);
      expect((await admin.list({ tag: text })).value.entries ?? [], text).toEqual([]);
      const { status } = await admin.ask('GET', `/entries/${encodeURIComponent(text)}`);
      expect(status, text).toBe(404);
      expect((await admin.ask('GET', `/${encodeURIComponent(text)}`)).status, text).toBe(404);
      for (const body of [{ scope: text }, { endpoint: text }, { [text]: true }, { olderThan: text }])
        expect((await admin.ask('POST', '/purge', { body })).status, text).toBe(400);
      expect(await admin.purge({ model: text })).toMatchObject({ entries: 0 });
    }
    expect(await admin.rows()).toHaveLength(1);
  },
  60_000,
);

story('as tags they are refused before anybody is asked', async ({ open, upstream }) => {
  const proxy = await open();
  // A header cannot hold any other.
  const sendable = HOSTILE_TEXTS.filter((text) => /^[\x20-\x7e\x80-\xff]+$/.test(text) && text.trim() === text);
  for (const text of sendable) {
    const { status, text: told } = await ask(proxy.url + CHAT, {
      body: { model: 'm', messages: [] },
      headers: { 'x-refrain-tags': text },
    });
    const isTags = text.split(',').every((tag) => /^[A-Za-z0-9._:-]{1,64}$/.test(tag.trim()));
    if (!isTags) expect([status, JSON.parse(told).error.param], text).toEqual([400, 'x-refrain-tags']);
  }
  expect(upstream.calls.length).toBeLessThan(20);
  expect(sendable.length).toBeGreaterThan(150);
});

story('in headers of a request they are told as data', async ({ open }) => {
  const proxy = await open();
  const admin = new CheckedAdminClient(proxy.adminUrl);
  const value = '<script>alert(1)</script>"\\';
  const {
    headers: { 'x-refrain-key': key },
  } = await ask(`${proxy.url}${CHAT}?q=<script>`, { body: { model: 'm', messages: [] }, headers: { 'x-lab': value } });
  expect((await admin.show(key as string)).request?.headers['x-lab']).toBe(value);
});
