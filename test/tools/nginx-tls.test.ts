/**
 * The admin API behind an nginx that ends TLS, on a port of nginx's own, as a browser and a scraper meet it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { Agent, request } from 'undici';
import { expect, onTestFinished } from 'vitest';
import { story } from '../harness/story.ts';
import { Nginx } from '../hostile/nginx.ts';

const NAME = 'refrain.example';

async function nginxBefore(url: string) {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-tls-'));
  const { private: key, cert } = await generate([{ name: 'commonName', value: NAME }]);
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  const nginx = await Nginx.start(url, files);
  const agent = new Agent({ connect: { ca: readFileSync(files.cert), checkServerIdentity: () => undefined } });
  onTestFinished(async () => {
    await agent.destroy();
    await nginx.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const { port } = new URL(nginx.url);
  return {
    port,
    async ask(method: string, path: string, headers: Record<string, string>): Promise<number> {
      const asking = {
        method,
        dispatcher: agent,
        headers: { 'content-type': 'application/json', ...headers },
        ...(method === 'POST' && { body: '{"all":true}' }),
      };
      const { statusCode, body } = await request(nginx.url + path, asking);
      await body.text();
      return statusCode;
    },
  };
}

story('a page of the name that admin.hosts has may look and act; one of a rebound name may not', async ({ open }) => {
  const { adminUrl } = await open({ admin: { hosts: [NAME] } });
  const { port, ask } = await nginxBefore(adminUrl);
  const host = `${NAME}:${port}`;
  expect(await ask('GET', '/stats', { host })).toBe(200);
  expect(await ask('POST', '/purge', { host, origin: `https://${host}` })).toBe(200);
  expect(await ask('POST', '/purge', { host, origin: 'https://evil.example' })).toBe(403);
  expect(await ask('GET', '/stats', { host: `evil.example:${port}` })).toBe(421);
  expect(await ask('POST', '/purge', { host: 'evil.example', origin: 'https://evil.example' })).toBe(421);
});

story('a scraper that sends the token asks by the name of a service', async ({ open }) => {
  const { adminUrl } = await open({ admin: { token: 'correct-horse' } });
  const { ask } = await nginxBefore(adminUrl);
  const host = 'refrain.monitoring.svc.cluster.local:9090';
  expect(await ask('GET', '/metrics', { host, authorization: 'Bearer correct-horse' })).toBe(200);
  expect(await ask('GET', '/metrics', { host, authorization: 'Bearer wrong' })).toBe(421);
});
