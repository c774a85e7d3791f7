import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask } from '../harness/client.ts';

/** An upstream over TLS whose certificate nobody knows; asks it once through a proxy with this environment. */
async function askThrough(environment: (certificatePath: string) => Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const path = join(folder, 'certificate.pem');
  writeFileSync(path, cert);
  const upstream = createServer({ key, cert }, (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(chatAnswer()),
  );
  upstream.listen(0, 'localhost');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  const child = new Child(
    ['--port', '0', '--admin-port', '0', '--upstream', `https://localhost:${port}/v1`],
    folder,
    environment(path),
  );
  onTestFinished(async () => {
    await child.end();
    upstream.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return ask((await child.ready()).api + CHAT, { body: chatRequest() });
}

test('a certificate that NODE_EXTRA_CA_CERTS names is trusted', async () => {
  expect(await askThrough((path) => ({ NODE_EXTRA_CA_CERTS: path }))).toMatchObject({
    status: 200,
    text: chatAnswer(),
  });
});

test('any other unknown certificate is not', async () => {
  const { status, text } = await askThrough(() => ({}));
  expect([status, JSON.parse(text).error.code]).toEqual([502, 'upstream_unreachable']);
});
