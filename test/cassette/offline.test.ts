/**
 * A proxy that is offline: whatever is asked, it opens no socket, asks no name server and loads no HTTP client.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';

vi.mock('../../src/upstream/agent.ts', () => {
  throw new Error('the HTTP client was loaded');
});

/** Each as a method and a path below `/v1`, with names in braces. */
const ROUTES = readFileSync(new URL('../fixtures/routes.txt', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [method, path] = line.trim().split(/\s+/);
    return method && path ? [{ method, path: path.replace(/\{[^}]*\}/g, 'x') }] : [];
  });

/** Counts the sockets that this process opens as a client. */
function watchSockets(): () => number {
  let count = 0;
  const opened = () => void count++;
  subscribe('net.client.socket', opened);
  onTestFinished(() => void unsubscribe('net.client.socket', opened));
  return () => count;
}

for (const [over, cassette] of [
  ['a cassette', true],
  ['a store', false],
] as const) {
  story(`asks nobody for any route, over ${over}`, async ({ open, folder }) => {
    const settings = cassette ? { cassette: join(folder, 'none.cassette') } : {};
    const proxy = await open({ ...settings, offline: true, upstream: 'https://nowhere.invalid/v1' });
    await proxy.app.prepare();
    const lookup = vi.spyOn(dns, 'lookup');
    onTestFinished(() => lookup.mockRestore());
    const sockets = watchSockets();
    expect(ROUTES.length).toBeGreaterThan(100);
    for (const { method, path } of ROUTES) {
      const body = method === 'POST' ? { body: { model: 'gpt-test' } } : {};
      const answer = await ask(`${proxy.url}/v1${path}`, { method, ...body });
      expect([answer.status, answer.headers['x-should-retry']], `${method} ${path}`).toEqual([504, 'false']);
      if (method !== 'HEAD') expect(JSON.parse(answer.text).error.code).toBe('not_cached');
    }
    expect(sockets()).toBe(ROUTES.length);
    expect(lookup).not.toHaveBeenCalled();
    expect(proxy.app.unrecorded.count).toBeGreaterThan(0);
  });
}

story('speaks the words of the endpoint', async ({ open }) => {
  const proxy = await open({ offline: true });
  const { text } = await ask(`${proxy.url}/v1/messages`, { body: { model: 'claude', max_tokens: 1, messages: [] } });
  expect(JSON.parse(text)).toMatchObject({ type: 'error', error: { message: expect.stringContaining('offline') } });
});

story('is what record=none says, too', async ({ open, folder, upstream }) => {
  const proxy = await open({ cassette: join(folder, 'none.cassette'), record: 'none' });
  expect((await ask(proxy.url + CHAT, { body: chatRequest() })).status).toBe(504);
  expect(upstream.calls.length).toBe(0);
});
