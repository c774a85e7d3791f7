/**
 * Whatever a client writes, only the configured upstreams are connected to: of
 * every connection that this process opens, the port is one that is meant.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect } from 'vitest';
import { answerAll, CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story as base } from '../harness/story.ts';
import { type ScriptedUpstream, startUpstream } from '../harness/upstream.ts';
import { statusOf } from './message.ts';
import { vectorsTo } from './ssrf-vectors.ts';
import { converse } from './wire.ts';

interface Cast {
  /** A second upstream, which is named `other`. */
  readonly other: ScriptedUpstream;
  /** A server that nobody has any business with. */
  readonly canary: { readonly port: number; readonly connections: number };
  /** The ports that anybody in this process tried to connect to. */
  readonly ports: Set<number>;
}

const story = base.extend<Cast>({
  other: async ({}, use) => {
    const other = await startUpstream(answerAll);
    await use(other);
    await other.stop();
  },
  canary: async ({}, use) => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await use({
      port: (server.address() as AddressInfo).port,
      get connections() {
        return connections;
      },
    });
    server.close();
  },
  ports: async ({}, use) => {
    const ports = new Set<number>();
    const note = (message: unknown) =>
      (message as { socket: Socket }).socket.on('connectionAttempt', (_address: string, port: number) =>
        ports.add(port),
      );
    subscribe('net.client.socket', note);
    await use(ports);
    unsubscribe('net.client.socket', note);
  },
});

const portOf = (url: string) => Number(new URL(url).port);
const named = (url: string) => ({ upstreams: { other: { url: `${url}/v1` } } });

story('no field, header or target leads elsewhere', async ({ upstream, other, canary, ports, open }) => {
  const proxy = await open(named(other.url));
  const vectors = vectorsTo(canary.port, new URL(proxy.adminUrl).host);
  const statuses = new Map<number, number>();
  for (const { what, listener, request } of vectors) {
    const { answers, isCut } = await converse(listener === 'api' ? proxy.url : proxy.adminUrl, request);
    expect([answers.length, isCut, canary.connections], what).toEqual([1, false, 0]);
    for (const answer of answers) statuses.set(statusOf(answer), (statuses.get(statusOf(answer)) ?? 0) + 1);
  }
  expect(vectors.length).toBeGreaterThan(600);
  expect([...statuses.keys()].sort()).toEqual([200, 400, 404, 421]);
  expect([...ports].sort()).toEqual([proxy.url, proxy.adminUrl, upstream.url, other.url].map(portOf).sort());
  expect(new Set(upstream.calls.map(({ headers }) => headers.host))).toEqual(new Set([new URL(upstream.url).host]));
  expect(new Set(other.calls.map(({ headers }) => headers.host))).toEqual(new Set([new URL(other.url).host]));
  expect(upstream.calls.length).toBeGreaterThan(300);
  // Only the first segment of a path leads to the other one: two routes, by each way that leaves the target alone.
  expect(other.calls.length).toBeGreaterThan(50);
  expect(other.calls.length).toBeLessThan(
    vectors.filter(({ request }) => /^\S+ \/+other[/@#?]/.test(request)).length + 1,
  );
});

describe('a redirect is told, and not followed:', () => {
  for (const status of [300, 301, 302, 303, 305, 307, 308]) {
    story(String(status), async ({ upstream, other, canary, ports, open }) => {
      const proxy = await open(named(other.url));
      const places = [
        `http://127.0.0.1:${canary.port}/`,
        `//127.0.0.1:${canary.port}/`,
        `${other.url}/v1/models`,
        '/other/v1/models',
        'http://169.254.169.254/latest/meta-data/',
      ];
      let asked = 0;
      for (const location of places) {
        upstream.script = ({ response }) =>
          response.writeHead(status, { location, refresh: `0; url=${location}`, 'content-length': 0 }).end();
        for (const [path, method, body] of [
          [CHAT, 'POST', chatRequest(location)],
          ['/v1/files', 'POST', 'x'],
          ['/v1/models', 'GET', undefined],
          ['/v1/models', 'HEAD', undefined],
        ] as const) {
          const answer = await ask(proxy.url + path, {
            method,
            ...(body === undefined ? {} : { body }),
            headers: { authorization: 'Bearer sk-of-the-standard' },
          });
          expect(answer).toMatchObject({ status, headers: { location } });
          asked += 1;
        }
      }
      expect([upstream.calls.length, other.calls.length, canary.connections]).toEqual([asked, 0, 0]);
      expect([...ports].sort()).toEqual([proxy.url, upstream.url].map(portOf).sort());
    });
  }
});

story(
  'a credential goes to the upstream that its request names, and to no other',
  async ({ upstream, other, open }) => {
    const proxy = await open(named(other.url));
    const send = (target: string, key: string) => {
      const body = JSON.stringify(chatRequest(target));
      return converse(
        proxy.url,
        `POST ${target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\napi-key: ${key}\r\n` +
          `x-api-key: ${key}\r\ncookie: ${key}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    };
    for (const path of [CHAT, '/v1/models']) {
      for (const prefix of [
        '',
        '/Other',
        '/%6fther',
        '/other%2f',
        '/other@',
        '/other;',
        '/.',
        '/v1/other',
        '/v1/x/../other',
      ])
        await send(prefix + path, 'sk-of-the-standard');
      for (const prefix of ['/other', '//other', '/other/', '/other/.', '/other/x/..'])
        await send(prefix + path, 'sk-of-the-other');
      for (const prefix of [
        '/x/../other',
        '/./other',
        '/other/..',
        '/other/../..',
        '/other/x/../../',
        '/other/%2e%2e',
      ]) {
        const { answers } = await send(prefix + path, 'sk-of-nobody');
        expect(answers.map(statusOf), prefix).toEqual([400]);
      }
    }
    const keysAt = ({ calls }: ScriptedUpstream) =>
      new Set(
        calls.flatMap(({ rawHeaders }) =>
          rawHeaders.filter((value) => value.includes('sk-of')).map((value) => value.replace('Bearer ', '')),
        ),
      );
    expect(keysAt(upstream)).toEqual(new Set(['sk-of-the-standard']));
    expect(keysAt(other)).toEqual(new Set(['sk-of-the-other']));
  },
);
