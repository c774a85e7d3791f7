/**
 * Secrets, which a cassette never takes in, and the parts of a request that are to be redacted.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { USER_HEADERS } from '../../src/request/caller.ts';
import { CHAT, chatAnswer, chatChunk, chatRequest, sendJson, sendStream } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { landed } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';

const SECRET = ['AKIA', '3SGQ7HTKZ2LWVXNB'].join('');
const call = (text: string) => ({
  index: 0,
  id: 'call_1',
  type: 'function',
  function: { name: 'f', arguments: JSON.stringify({ with: text }) },
});

for (const [where, asked, answered] of [
  ['a prompt', chatRequest(`My key is ${SECRET}.`), chatAnswer()],
  [
    'a tool argument',
    chatRequest('x', { messages: [{ role: 'assistant', tool_calls: [call(SECRET)] }] }),
    chatAnswer(),
  ],
  ['an answer', chatRequest(), chatAnswer(`It is ${SECRET}.`)],
] as const) {
  story(`a secret in ${where} is relayed and not recorded`, async ({ open, folder, upstream }) => {
    const cassette = join(folder, 'llm.cassette');
    upstream.script = (call) => sendJson(call, answered);
    const proxy = await open({ cassette });
    expect((await ask(proxy.url + CHAT, { body: asked })).text).toBe(answered);
    await landed(proxy);
    expect(proxy.app.unrecorded.requests.map(({ why }) => why)).toEqual([expect.stringMatching(/^secret: /)]);
    expect(proxy.lines.filter(({ msg }) => String(msg).includes('not recorded')).length).toBe(1);
    expect(JSON.stringify([proxy.lines, proxy.app.unrecorded.requests])).not.toContain(SECRET);
    await proxy.stop();
    expect(() => readFileSync(cassette)).toThrow('ENOENT');
  });
}

story('a secret that two events of a stream share is not recorded', async ({ open, folder, upstream }) => {
  const events = [chatChunk({ content: SECRET.slice(0, 9) }), chatChunk({ content: SECRET.slice(9) }, 'stop')];
  upstream.script = (call) => sendStream(call, [...events, 'data: [DONE]\n\n']);
  const proxy = await open({ cassette: join(folder, 'llm.cassette') });
  await ask(proxy.url + CHAT, { body: chatRequest('x', { stream: true }) });
  await landed(proxy);
  expect(proxy.app.unrecorded.count).toBe(1);
});

story('what is redacted goes up as it is, is not in the file, and hits offline', async ({ open, folder, upstream }) => {
  const cassette = join(folder, 'llm.cassette');
  const settings = { cassette, redact: ['/user'], redactPattern: ['AKIA[A-Z0-9]+'] };
  const asked = (secret: string, user: string) => ({ body: chatRequest(`My key is ${secret}.`, { user }) });
  upstream.script = (call) => sendJson(call, chatAnswer(`Not ${SECRET}!`));
  const first = await open(settings);
  const live = await ask(first.url + CHAT, asked(SECRET, 'Ann'));
  expect(live.text).toBe(chatAnswer(`Not ${SECRET}!`));
  await landed(first);
  expect((await upstream.called(1)).body.toString()).toContain(SECRET);
  await first.stop();
  const text = readFileSync(cassette, 'utf8');
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain('Ann');
  // The rules are those of the file.
  const second = await open({ cassette, offline: true });
  const other = SECRET.replace('7', '4');
  const hit = await ask(second.url + CHAT, asked(other, 'Bob'));
  expect([hit.status, hit.text]).toEqual([200, chatAnswer('Not REDACTED!')]);
  const refused = await ask(second.url + CHAT, { body: chatRequest(`Other: ${other}.`) });
  expect(refused.status).toBe(504);
  expect(refused.text).not.toContain(other);
  expect(JSON.stringify(second.app.unrecorded.requests)).not.toContain(other);
});

story('no credential is in the file, and nobody who asks', async ({ open, folder }) => {
  const cassette = join(folder, 'llm.cassette');
  const proxy = await open({ cassette, scope: { headers: ['x-team-ref'] } });
  const headers = {
    'authorization': 'Bearer sk-ours-and-nobody-elses',
    'cookie': 'session=abc123',
    'x-tenant-id': 'tenant-7',
    'x-team-ref': 'canary',
    ...Object.fromEntries(USER_HEADERS.map((name) => [name.replace('*', 'data'), 'canary'])),
    'openai-beta': 'assistants=v2',
  };
  await ask(proxy.url + CHAT, { body: chatRequest(), headers });
  await ask(`${proxy.url}/v1/models?key=AIzaSyNotAKey&limit=2`, { headers });
  await ask(`${proxy.url}/v1/models?limit=3&%6bey=AIzaSyNotAKey`, { headers });
  await landed(proxy);
  await proxy.stop();
  const text = readFileSync(cassette, 'utf8');
  for (const secret of ['nobody-elses', 'abc123', 'tenant-7', 'AIza', 'canary']) expect(text).not.toContain(secret);
  expect(text).toContain('openai-beta: assistants=v2');
});

story('what the operator brings into the key tells recordings apart', async ({ open, folder, upstream }) => {
  const settings = { cassette: join(folder, 'llm.cassette'), key: { include: ['header:user-agent'] } };
  upstream.script = (call) => sendJson(call, chatAnswer(call.headers['user-agent']));
  const answersOf = async (url: string) => {
    const answers = [];
    for (const agent of ['a', 'b'])
      answers.push((await ask(url + CHAT, { body: chatRequest(), headers: { 'user-agent': agent } })).text);
    return answers;
  };
  const recording = await open(settings);
  expect(await answersOf(recording.url)).toEqual([chatAnswer('a'), chatAnswer('b')]);
  await landed(recording);
  await recording.stop();
  expect(await answersOf((await open({ ...settings, offline: true })).url)).toEqual([chatAnswer('a'), chatAnswer('b')]);
});
