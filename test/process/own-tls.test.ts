import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { Agent, request } from 'undici';
import { expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { processTest as test } from '../harness/process-harness.ts';

const NAME = 'refrain.example';

/** A certificate for a name that nobody resolves, and its key, put where the settings name them. */
async function renewIn(folder: string): Promise<void> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: NAME }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: NAME }] }],
  });
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
}

/** A connection that is kept, whose certificate is held to the one in the folder. */
async function dial(url: string, folder: string): Promise<TLSSocket> {
  const ca = readFileSync(join(folder, 'cert.pem'));
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), servername: NAME, ca });
  await once(socket, 'secureConnect');
  return socket;
}

async function askOn(socket: TLSSocket): Promise<string> {
  const answer = once(socket, 'data');
  socket.write(`GET /healthz HTTP/1.1\r\nhost: ${NAME}\r\n\r\n`);
  return String(await answer);
}

for (const workers of ['1', '2'] as const) {
  test(`both listeners speak TLS of their own, and renew its certificate: with workers=${workers}`, async ({
    folder,
    upstream,
  }) => {
    await renewIn(folder);
    const settings = {
      upstream: `${upstream.url}/v1`,
      admin: { hosts: [NAME], port: 0 },
      port: 0,
      tls: { cert: 'cert.pem', key: 'key.pem' },
    };
    const child = new Child(['--workers', workers], folder, { REFRAIN_CONFIG: 'my.json' });
    writeFileSync(join(folder, 'my.json'), JSON.stringify(settings));
    const agent = new Agent({
      // Its name is that of `Host` to this client, which is one of several here.
      connect: { ca: readFileSync(join(folder, 'cert.pem')), checkServerIdentity: () => undefined },
    });
    try {
      const { api, admin } = await child.ready();
      expect([api, admin].map((url) => new URL(url).protocol)).toEqual(['https:', 'https:']);
      const asking = { dispatcher: agent, method: 'POST', headers: { 'content-type': 'application/json' } } as const;
      for (const word of ['MISS', 'HIT']) {
        const { headers, body } = await request(api + CHAT, { ...asking, body: JSON.stringify(chatRequest()) });
        expect([headers['x-cache'], await body.text()]).toEqual([word, chatAnswer()]);
      }

      // A page over TLS may act, by the listener's own name, whatever port is mapped; by a rebound one it may not.
      for (const [host, origin, status] of [
        [NAME, `https://${NAME}`, 200],
        [`${NAME}:8443`, `https://${NAME}:8443`, 200],
        [`${NAME}:8443`, `https://${NAME}`, 403],
        ['evil.example', 'https://evil.example', 421],
      ] as const) {
        const headers = { ...asking.headers, host, origin };
        const { statusCode, body } = await request(`${admin}/purge`, {
          ...asking,
          headers,
          body: '{"all":true,"dryRun":true}',
        });
        await body.text();
        expect(statusCode, host).toBe(status);
      }
      const page = await request(api, { dispatcher: agent, headers: { host: NAME } });
      expect(await page.body.text()).toContain(`https://${NAME}/v1`);

      // A client without TLS is hung up on, and nobody else notices.
      const plain = connectPlain(Number(new URL(api).port), '127.0.0.1');
      plain.on('error', () => {}).write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      await once(plain.resume(), 'close');

      const [before, beforeAdmin] = [await dial(api, folder), await dial(admin, folder)];
      for (const socket of [before, beforeAdmin]) expect(await askOn(socket)).toContain('"alive"');
      await renewIn(folder);
      child.signal('SIGHUP');
      await child.says('"applied":["tls.cert","tls.key"]');
      for (const url of [api, admin]) expect(await askOn(await dial(url, folder))).toContain('"alive"');
      for (const socket of [before, beforeAdmin]) expect(await askOn(socket)).toContain('"alive"');

      // The command line takes the very certificate of its settings for the proxy's, whatever name it is for.
      const ports = { port: Number(new URL(api).port), admin: { port: Number(new URL(admin).port) } };
      writeFileSync(join(folder, 'my.json'), JSON.stringify({ ...settings, ...ports }));
      const command = new Child(['stats', '--json'], folder, { REFRAIN_CONFIG: 'my.json' });
      await command.exited;
      expect(command.stderr).toBe('');
      // Its memory is what only a proxy that runs tells.
      expect(JSON.parse(command.stdout.join('\n'))).toHaveProperty('lru');

      writeFileSync(join(folder, 'key.pem'), 'no key');
      child.signal('SIGHUP');
      await child.says('are no certificate and its key in PEM');
      expect(await askOn(before)).toContain('"alive"');
      child.signal('SIGTERM');
      expect(await child.exited).toEqual({ code: 0, signal: null });
    } finally {
      await agent.destroy();
      await child.end();
    }
  });
}

test('a certificate that cannot be used ends the start with 2 and one line', async ({ folder }) => {
  const child = new Child(['--tls-cert', 'a.pem', '--tls-key', 'b.pem'], folder, {});
  expect(await child.exited).toEqual({ code: 2, signal: null });
  expect(child.stderr).toMatch(
    /^refrain: the certificate at \/.*\/a\.pem cannot be read \(ENOENT\); correct tls\.cert and tls\.key\n$/,
  );
});
