/**
 * The page's shell on the admin API's listener, and that it opens nothing but itself.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createNameGuard, createTokenGuard } from '../../src/admin/guard.ts';
import { createPage } from '../../src/admin/page.ts';

const SHELL = '<!doctype html><title>Refrain</title>';
const SCRIPT = 'console.log("page")';

function tempDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A folder as the build leaves it. */
function build(folder: string) {
  mkdirSync(join(folder, 'page'), { recursive: true });
  for (const [name, text] of [
    ['index.html', SHELL],
    ['page/index-abc123.js', SCRIPT],
  ] as const) {
    writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, `${name}.gz`), gzipSync(text));
  }
  writeFileSync(join(folder, 'page/stray.js'), 'not from this build');
}

async function open(folder: string) {
  const app = express();
  app.use(
    createNameGuard({ host: '127.0.0.1', hosts: [], token: () => null }),
    createPage(pathToFileURL(`${folder}/`)),
  );
  app.use(createTokenGuard({ token: () => 'correct' }), (_request, response) => void response.status(404).send('api'));
  app.use((cause: { status?: number }, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(cause.status ?? 500).send('refused');
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return (path: string, init?: RequestInit) => fetch(url + path, init);
}

describe('the page', () => {
  test('is a public shell whose policy lets nothing in but its own files', async () => {
    const folder = tempDir();
    build(folder);
    const get = await open(folder);
    const shell = await get('/');
    expect([shell.status, await shell.text()]).toEqual([200, SHELL]);
    expect(shell.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(shell.headers.get('cache-control')).toBe('no-cache');
    const policy = shell.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
    expect(policy).not.toMatch(/unsafe|http|data:|\*/);
  });

  test('has its files for ever, and gzipped for those that take that', async () => {
    const folder = tempDir();
    build(folder);
    const get = await open(folder);
    const [packed, plain] = await Promise.all([
      get('/page/index-abc123.js'),
      get('/page/index-abc123.js', { headers: { 'accept-encoding': 'identity' } }),
    ]);
    expect([await packed.text(), await plain.text()]).toEqual([SCRIPT, SCRIPT]);
    expect([packed, plain].map(({ headers }) => headers.get('content-encoding'))).toEqual(['gzip', null]);
    expect(packed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(packed.headers.get('vary')).toBe('accept-encoding');
    expect((await get('/', { method: 'HEAD' })).status).toBe(200);
  });

  test('opens nothing else', async () => {
    const folder = tempDir();
    build(folder);
    const get = await open(folder);
    for (const path of ['/stats', '/page/', '/page/stray.js', '/page/..%2findex.html', '/index.html', '/page/x']) {
      expect((await get(path)).status, path).toBe(401);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect((await get('/', { method })).status).toBe(401);
    const known = { headers: { authorization: 'Bearer correct' } };
    expect((await get('/page/x', known)).status).toBe(404);
  });

  test('says how it is built where it is not, and is there once it is', async () => {
    const folder = tempDir();
    const get = await open(join(folder, 'dashboard'));
    const unbuilt = await get('/');
    expect([unbuilt.status, unbuilt.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8']);
    expect(await unbuilt.text()).toContain('npm run build');
    build(join(folder, 'dashboard'));
    expect((await get('/')).status).toBe(200);
  });
});
