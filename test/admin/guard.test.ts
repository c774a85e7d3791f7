import { request } from 'node:http';
import { describe, expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';
import { OPERATIONS } from './schema.ts';

const TOKEN = 'correct-horse-battery-staple';
const JSON_BODY = { 'content-type': 'application/json' };

/** Of the answers that are no JSON. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  'GET /metrics': 'text/plain; version=0.0.4; charset=utf-8',
  'GET /events': 'text/event-stream; charset=utf-8',
};

const pathOf = (operation: string) => (operation.split(' ')[1] as string).replace('{key}', '0123456789abcdef');
const methodOf = (operation: string) => operation.split(' ')[0] as string;
const codeOf = (text: string) => JSON.parse(text).error?.code;

/** The same with a `Host` of one's choice, which a client would not send. */
const askAs = (url: string, path: string, headers: Record<string, string>, method = 'GET') =>
  new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const outgoing = request(
      { hostname, port, path, method, headers, setHost: headers.host === undefined, agent: false },
      (response) => {
        let text = '';
        response
          .on('data', (chunk) => (text += chunk))
          .on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
      },
    );
    outgoing.on('error', reject).end();
  });

describe('Host', () => {
  for (const host of [
    'evil.example',
    'evil.example:PORT',
    'localhost.evil.example:PORT',
    '127.0.0.1.evil.example:PORT',
    '128.0.0.1:PORT',
    '[::2]:PORT',
    'user@127.0.0.1:PORT',
    '0.0.0.0:PORT',
    '2130706433:PORT',
    '127.0.0.1:PORT/..',
    '',
    '[::1]evil:PORT',
  ]) {
    story(`${host || '(empty)'} is no name of this listener`, async ({ open }) => {
      const { adminUrl } = await open();
      const port = new URL(adminUrl).port;
      for (const path of ['/healthz', '/entries', '/nowhere']) {
        const { status, text } = await askAs(adminUrl, path, { host: host.replace('PORT', port) });
        expect([status, codeOf(text)], path).toEqual([421, 'misdirected_request']);
      }
    });
  }

  for (const host of [
    '127.0.0.1:PORT',
    'localhost:PORT',
    'LOCALHOST:PORT',
    '127.9.9.9:PORT',
    '[::1]:PORT',
    // A port may be mapped on the way.
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost',
  ]) {
    story(`${host} is one`, async ({ open }) => {
      const { adminUrl } = await open();
      expect((await askAs(adminUrl, '/healthz', { host: host.replace('PORT', new URL(adminUrl).port) })).status).toBe(
        200,
      );
    });
  }

  story('stands once', async ({ open }) => {
    const { adminUrl } = await open();
    const { host } = new URL(adminUrl);
    const reply = await talk(adminUrl, (socket) =>
      socket.end(`GET /entries HTTP/1.1\r\nhost: ${host}\r\nhost: evil.example\r\nconnection: close\r\n\r\n`),
    );
    expect(reply).toMatch(/^HTTP\/1.1 4(00|21) /);
    expect(await talk(adminUrl, (socket) => socket.end('GET /entries HTTP/1.0\r\n\r\n'))).toMatch(/^HTTP\/1.1 421 /);
  });
});

describe('admin.hosts', () => {
  const hosts = ['refrain.internal', 'cache.example:8443', 'plain.example:80', '[fd00::1]'];

  for (const [host, status] of [
    ['refrain.internal', 200],
    ['REFRAIN.internal:9090', 200],
    ['cache.example:8443', 200],
    ['cache.example', 421],
    ['cache.example:8444', 421],
    ['plain.example', 200],
    ['plain.example:80', 200],
    ['[fd00::1]:1234', 200],
    ['localhost:1', 200],
    ['refrain.internal.evil.example', 421],
    ['evil.example', 421],
  ] as const) {
    story(`let ${host} ask: ${status}`, async ({ open }) => {
      const { adminUrl } = await open({ admin: { hosts } });
      expect((await askAs(adminUrl, '/entries', { host })).status).toBe(status);
      // A page of that very name may act, over either scheme; one of another may not.
      const json = { host, ...JSON_BODY };
      for (const origin of [`http://${host}`, `https://${host}`])
        expect((await askAs(adminUrl, '/entries', { ...json, origin }, 'GET')).status, origin).toBe(status);
      if (status === 200)
        expect((await askAs(adminUrl, '/entries', { ...json, origin: 'https://evil.example' })).status).toBe(403);
    });
  }
});

describe('Origin', () => {
  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost',
    'http://127.0.0.1:1',
    'http://localhost:PORT',
    '',
  ]) {
    story(`${origin || '(empty)'} is foreign`, async ({ open }) => {
      const proxy = await open();
      const { port } = new URL(proxy.adminUrl);
      await ask(proxy.url + CHAT, { body: chatRequest() });
      const named = origin.replace('PORT', port);
      for (const [method, path] of [
        ['GET', '/entries'],
        ['POST', '/purge'],
        ['DELETE', '/entries/0123456789abcdef'],
        ['GET', '/healthz'],
      ] as const) {
        const { status, text, headers } = await ask(proxy.adminUrl + path, {
          method,
          headers: { origin: named, ...JSON_BODY },
          ...(method === 'POST' && { body: { all: true } }),
        });
        expect([status, codeOf(text)], path).toEqual([403, 'forbidden_origin']);
        expect(headers['access-control-allow-origin']).toBeUndefined();
      }
      expect((await proxy.app.store.size()).entries).toBe(1);
    });
  }

  story('of the listener itself may ask', async ({ open }) => {
    const { adminUrl } = await open();
    for (const origin of [adminUrl, adminUrl.replace('http:', 'https:')])
      expect((await ask(`${adminUrl}/entries`, { headers: { origin } })).status).toBe(200);
  });

  story('is told nothing by a preflight', async ({ open }) => {
    const { adminUrl } = await open();
    const { status, headers } = await ask(`${adminUrl}/entries/0123456789abcdef`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' },
    });
    expect(status).toBe(403);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('a token', () => {
  const settings = { admin: { token: TOKEN } };

  story('is asked for at every route but two', async ({ open }) => {
    const { adminUrl } = await open(settings);
    for (const operation of [...OPERATIONS, 'GET /nowhere', 'OPTIONS /entries']) {
      const [method, path] = [methodOf(operation), pathOf(operation)];
      for (const authorization of [
        undefined,
        '',
        'Bearer',
        `Bearer ${TOKEN}x`,
        `Bearer ${TOKEN.slice(1)}`,
        `Basic ${TOKEN}`,
        `bearer ${TOKEN.toUpperCase()}`,
        TOKEN,
      ]) {
        const { status, headers, text } = await ask(adminUrl + path, {
          method,
          headers: { ...JSON_BODY, ...(authorization !== undefined && { authorization }) },
          ...(method === 'POST' && { body: { all: true } }),
        });
        if (path === '/healthz' || path === '/readyz') expect(status).toBe(200);
        else {
          expect([status, codeOf(text)], operation).toEqual([401, 'unauthorized']);
          expect(headers['www-authenticate']).toBe('Bearer realm="refrain"');
        }
        expect(text).not.toContain(TOKEN);
      }
    }
  });

  story('opens the admin API, and that alone', async ({ open }) => {
    const { adminUrl } = await open(settings);
    const authorization = `Bearer ${TOKEN}`;
    expect((await ask(`${adminUrl}/entries`, { headers: { authorization } })).status).toBe(200);
    expect((await ask(`${adminUrl}/entries`, { headers: { cookie: `token=${TOKEN}` } })).status).toBe(401);
    expect((await ask(`${adminUrl}/entries?token=${TOKEN}`)).status).toBe(401);
    expect(
      (
        await ask(`${adminUrl}/purge`, {
          body: { all: true },
          headers: { authorization, origin: 'https://evil.example' },
        })
      ).status,
    ).toBe(403);
  });

  story('that is presented and correct passes by any name, and none else does', async ({ open }) => {
    const { adminUrl } = await open(settings);
    const askBy = (authorization: string, others = {}) =>
      askAs(adminUrl, '/entries', { authorization, host: 'refrain.monitoring.svc:9090', ...others });
    expect((await askBy(`Bearer ${TOKEN}`)).status).toBe(200);
    expect((await askBy(`Bearer ${TOKEN}x`)).status).toBe(421);
    expect((await askBy('')).status).toBe(421);
    expect((await askBy(`Bearer ${TOKEN}`, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await askBy(`Bearer ${TOKEN}`, { host: '' })).status).toBe(421);
  });

  story('lets the listener be asked by the address it is reached at', async ({ open }) => {
    const { adminUrl } = await open({ admin: { token: TOKEN, host: '0.0.0.0' } });
    const { port } = new URL(adminUrl);
    for (const [host, status] of [
      [`127.0.0.1:${port}`, 200],
      [`evil.example:${port}`, 421],
    ] as const) {
      expect((await askAs(`http://127.0.0.1:${port}`, '/healthz', { host })).status).toBe(status);
    }
  });
});

describe('a request that is no HTTP/1.1 as it should be', () => {
  for (const [what, text, status, code] of [
    ['has no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
    ['has an empty Host', 'GET /healthz HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n', 421, 'misdirected_request'],
    ['says HTTP/2.0', 'GET /healthz HTTP/2.0\r\nhost: HOST\r\n\r\n', 505, 'http_version_unsupported'],
    ['says HTTP/1.9', 'GET /healthz HTTP/1.9\r\nhost: HOST\r\n\r\n', 400, 'malformed_request'],
    ['has a path of 70 KB', `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nhost: HOST\r\n\r\n`, 431, 'headers_too_large'],
    [
      'has a path of 30 KB',
      `GET /${'x'.repeat(30_000)} HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n`,
      404,
      'unknown_route',
    ],
    [
      'has a header of 70 KB',
      `GET / HTTP/1.1\r\nhost: HOST\r\nx: ${'x'.repeat(70_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'has two lengths',
      'POST /purge HTTP/1.1\r\nhost: HOST\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'malformed_request',
    ],
    [
      'expects what nobody knows',
      'GET /nowhere HTTP/1.1\r\nhost: HOST\r\nexpect: x\r\nconnection: close\r\n\r\n',
      404,
      'unknown_route',
    ],
  ] as const) {
    story(`${what}: ${status}, in the envelope, and its connection is closed`, async ({ open }) => {
      const { adminUrl } = await open();
      const reply = await talk(adminUrl, (socket) => socket.write(text.replace('HOST', new URL(adminUrl).host)));
      const [head = '', body = ''] = reply.split('\r\n\r\n');
      expect([head.split(' ')[1], JSON.parse(body).error]).toMatchObject([
        String(status),
        { type: 'refrain_error', code },
      ]);
      const lines = head.toLowerCase().split('\r\n');
      expect(lines).toEqual(
        expect.arrayContaining(['cache-control: no-store', 'x-content-type-options: nosniff', 'connection: close']),
      );
    });
  }
});

describe('a body', () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json2',
    'text/json',
    'text/plain; application/json',
    '',
  ]) {
    story(`of ${type || 'no type'} is refused`, async ({ open }) => {
      const proxy = await open();
      await ask(proxy.url + CHAT, { body: chatRequest() });
      for (const [method, path] of [
        ['POST', '/purge'],
        ['POST', '/explain'],
        ['DELETE', '/entries/0123456789abcdef'],
      ] as const) {
        const { status, text } = await ask(proxy.adminUrl + path, {
          method,
          body: '{"all":true}',
          headers: { 'content-type': type, 'content-length': '12' },
        });
        expect([status, codeOf(text)], path).toEqual([415, 'unsupported_media_type']);
      }
      expect((await proxy.app.store.size()).entries).toBe(1);
    });
  }

  story('may be missing where nothing is to be said, and nowhere else', async ({ open }) => {
    const { adminUrl } = await open();
    expect((await ask(`${adminUrl}/purge`, { method: 'POST' })).status).toBe(415);
    expect((await ask(`${adminUrl}/entries/0123456789abcdef`, { method: 'DELETE' })).status).toBe(404);
  });

  story('that is too large is refused, declared, chunked or compressed', async ({ open }) => {
    const { adminUrl } = await open();
    const { gzipSync } = await import('node:zlib');
    const large = `{"all":true,"model":"${'x'.repeat(9 * 1024 * 1024)}"}`;
    const encoded = { 'content-encoding': 'gzip', ...JSON_BODY };
    expect((await ask(`${adminUrl}/purge`, { body: large })).status).toBe(413);
    expect((await ask(`${adminUrl}/purge`, { body: gzipSync(large), headers: encoded })).status).toBe(413);
    expect(
      (await ask(`${adminUrl}/purge`, { body: large, headers: { 'transfer-encoding': 'chunked', ...JSON_BODY } }))
        .status,
    ).toBe(413);
    expect((await ask(`${adminUrl}/healthz`)).status).toBe(200);
  });
});

story('every answer forbids everything that a browser could do with it', async ({ open }) => {
  const { adminUrl } = await open();
  for (const operation of [...OPERATIONS, 'GET /nowhere', 'GET /entries?limit=x']) {
    // The head tells all, and events have no end.
    const live = await begin(adminUrl + pathOf(operation), { method: methodOf(operation) });
    const { headers, rawHeaders } = live.message;
    live.hangUp();
    expect(headers['content-security-policy'], operation).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-type'], operation).toBe(MEDIA_TYPES[operation] ?? 'application/json; charset=utf-8');
    expect(rawHeaders.map((name) => name.toLowerCase())).not.toContain('set-cookie');
    expect(headers['x-powered-by']).toBeUndefined();
  }
});

describe('a request that does not arrive in time', () => {
  for (const [what, text, code] of [
    ['its headers', 'GET /stats HTTP/1.1\r\nhost: HOST\r\nx: ', 'headers_timeout'],
    [
      'its body',
      'POST /purge HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
      'body_timeout',
    ],
  ] as const) {
    story(`is told 408, as to ${what}, and its connection is closed`, async ({ open }) => {
      const {
        adminUrl,
        app: { admin },
        lines,
      } = await open();
      expect([admin.headersTimeout, admin.requestTimeout]).toEqual([10_000, 30_000]);
      // Node goes by its own clock.
      admin.headersTimeout = admin.requestTimeout = 1;
      const reply = await talk(adminUrl, (socket) => socket.write(text.replace('HOST', new URL(adminUrl).host)));
      const [head = '', body = ''] = reply.split('\r\n\r\n');
      expect([head.split(' ')[1], JSON.parse(body).error]).toMatchObject(['408', { type: 'refrain_error', code }]);
      expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    });
  }
});
