import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { beginStream, CHAT, chatEvents, chatRequest, answerAll } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask, begin } from '../harness/client.ts';
import { processTest } from '../harness/process-harness.ts';
import { faultsIn } from '../admin/schema.ts';

/** A proxy that reads `my.json` in its folder; `write` writes that anew, but for what leads upstream. */
const test = processTest.extend<{ write: (settings: object) => void; run: (...flags: string[]) => Child }>({
  write: async ({ folder, upstream }, use) => {
    await use((settings) =>
      writeFileSync(join(folder, 'my.json'), JSON.stringify({ upstream: `${upstream.url}/v1`, ...settings })),
    );
  },
  run: async ({ folder }, use) => {
    const children: Child[] = [];
    await use((...flags) => {
      const own = ['--config', 'my.json', '--port', '0', '--admin-port', '0'];
      const child = new Child([...own, ...flags], folder, {});
      children.push(child);
      return child;
    });
    for (const child of children) await child.end();
  },
});

const traced = (id: string) => ({ body: { ...chatRequest('x'), metadata: { id } } });
const wordOf = async (api: string, asking: object) => (await ask(api + CHAT, asking)).headers['x-cache'];

test('takes over what it can, lists what it cannot, and lets go on what has begun', async ({
  write,
  run,
  upstream,
  folder,
}) => {
  write({ ttl: 0, maxTtl: '1d', heartbeat: 'off', logLevel: 'warn' });
  const child = run();
  const { api, admin } = await child.ready();
  for (const word of ['MISS', 'MISS']) expect(await wordOf(api, traced('1'))).toBe(word);
  upstream.script = beginStream;
  const live = await begin(api + CHAT, { body: chatRequest('stream', { stream: true }) });
  const { response } = await upstream.called(3);
  upstream.script = answerAll;

  write({
    ttl: '1h',
    maxTtl: '2d',
    heartbeat: '10s',
    key: { ignore: ['default', '/metadata/id'] },
    limits: { listeners: 7 },
    admin: { token: 'correct-horse', hosts: ['elsewhere'] },
    logLevel: 'info',
  });
  child.signal('SIGHUP');
  await child.says('the settings were reloaded');
  const { applied, restart } = JSON.parse(
    child.stderr.split('\n').find((line) => line.includes('the settings were reloaded')) as string,
  );
  expect(applied).toEqual(['admin.token', 'ttl', 'maxTtl', 'key.ignore', 'limits.listeners', 'logLevel']);
  expect(restart).toEqual(['admin.hosts', 'heartbeat']);

  expect(await wordOf(api, traced('1'))).toBe('MISS');
  for (const id of ['1', '2', '3']) expect(await wordOf(api, traced(id))).toBe('HIT');
  expect((await ask(`${admin}/settings`)).status).toBe(401);
  const headers = { authorization: 'Bearer correct-horse' };
  const { settings } = JSON.parse((await ask(`${admin}/settings`, { headers })).text);
  const shown = (path: string) => settings.find((setting: { path: string }) => setting.path === path);
  expect(shown('ttl')).toEqual({ path: 'ttl', value: 3_600, from: 'ttl in my.json' });
  expect(shown('heartbeat')).toEqual({ path: 'heartbeat', value: null, from: 'heartbeat in my.json' });
  response.end(chatEvents().join(''));
  expect(await live.ended).toMatchObject({ text: chatEvents().join(''), broken: false });

  const command = new Child(['reload', '--url', admin], folder, { REFRAIN_ADMIN_TOKEN: 'correct-horse' });
  await command.exited;
  expect(command.stdout, command.stderr).toEqual(['reloaded: nothing new; after a restart: admin.hosts, heartbeat']);

  const again = await ask(`${admin}/reload`, { method: 'POST', headers });
  expect(JSON.parse(again.text)).toEqual({ applied: [], restart: ['admin.hosts', 'heartbeat'] });
  expect(faultsIn('Reloaded', JSON.parse(again.text))).toEqual([]);
});

test('is all or nothing: what cannot be used leaves everything as it was', async ({ write, run, folder }) => {
  write({ ttl: '1h' });
  const child = run();
  const { api, admin } = await child.ready();
  expect(await wordOf(api, traced('1'))).toBe('MISS');
  for (const [settings, message] of [
    [{ ttl: 0, logLevel: 'loud' }, 'logLevel in my.json is "loud"; it may be'],
    [{ ttl: 0, key: { include: ['header:authorization'] } }, 'key.include names header:authorization'],
    [{ ttl: 0, tls: { cert: 'a.pem' } }, 'tls.cert in my.json is set without tls.key'],
  ] as const) {
    write(settings);
    const { status, text } = await ask(`${admin}/reload`, { method: 'POST' });
    expect([status, JSON.parse(text).error.code]).toEqual([400, 'invalid_settings']);
    expect(JSON.parse(text).error.message).toContain(message);
    child.signal('SIGHUP');
    await child.says(`"reason":${JSON.stringify(message).slice(0, -1)}`);
    expect(await wordOf(api, traced('1'))).toBe('HIT');
  }
  expect(readFileSync(join(folder, 'my.json'), 'utf8')).toContain('a.pem');
  write({ ttl: '1h' });
  expect((await ask(`${admin}/reload`, { method: 'POST', headers: { origin: 'http://evil.example' } })).status).toBe(
    403,
  );
  child.signal('SIGTERM');
  expect(await child.exited).toEqual({ code: 0, signal: null });
});

test('reaches every worker, and those that come later', async ({ write, run }) => {
  write({ ttl: 0 });
  const child = run('--workers', '2');
  const { api, admin } = await child.ready();
  expect(await wordOf(api, traced('1'))).toBe('MISS');
  write({ ttl: '1h', key: { ignore: ['default', '/metadata/id'] } });
  const { text } = await ask(`${admin}/reload`, { method: 'POST' });
  expect(JSON.parse(text)).toEqual({ applied: ['ttl', 'key.ignore'], restart: [] });
  const words = [];
  for (const id of ['1', '2', '3', '4']) words.push(await wordOf(api, traced(id)));
  expect(words).toEqual(['MISS', 'HIT', 'HIT', 'HIT']);
  expect((await ask(`${api}/readyz`)).text).toBe('{"status":"ready","listener":"api"}');
  expect((await ask(`${api}/`)).text).toContain(`${admin}/`);
});
