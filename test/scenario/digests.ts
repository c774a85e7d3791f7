/**
 * The bytes that a client sends are those that the upstream receives: on every
 * route that the API has, in every coding and charset. Declares tests.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';

/** A route of the API: its method, its path below `/v1`, and the types of body that it takes. */
interface Route {
  readonly method: string;
  readonly path: string;
  readonly types: readonly string[];
}

/** All that OpenAI's own description of its API has. */
const ROUTES: readonly Route[] = readFileSync(new URL('../fixtures/routes.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [method = '', path = '', ...types] = line.split(' ');
    return { method, path: `/v1${path.replaceAll(/\{[^}]*\}/g, 'id-1')}`, types };
  });

const CODINGS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

interface Body {
  readonly type: string;
  readonly bytes: Buffer;
}

const json = (bytes: string | Buffer, charset = ''): Body => ({
  type: `application/json${charset}`,
  bytes: Buffer.from(bytes),
});

/** Bodies that somebody who read and wrote them again would change. */
const JSON_BODIES: readonly Body[] = [
  json('{"model":"m","messages":[{"role":"user","content":"plain"}],"input":"plain","prompt":"plain"}'),
  json(
    '\t{ "b" : 1.0 ,\r\n"a":9007199254740993, "model":"m",' +
      '"input":["\\u0061\\/\\ud83c\\udf0a🌊","é","e\u0301"],"prompt":"-0","n":-0, "x":1e400 }\n',
  ),
  json(
    '{"model":"m","model":"n","messages":[],"messages":[{"content":null}],"__proto__":{"x":1},"input":"\\ud800"}',
    '; charset=utf-8',
  ),
  json(
    Buffer.from('{"model":"m","input":"caf\xe9","prompt":"\xff","messages":[{"content":"\xe9"}]}', 'latin1'),
    '; charset=iso-8859-1',
  ),
  json(Buffer.from('\ufeff{"model":"m","input":"utf-16","prompt":"x","messages":[]}', 'utf16le'), '; charset=utf-16'),
  json('\ufeff{"model":"m","input":"with a mark","prompt":"x","messages":[]}', ';charset="UTF-8"'),
  json('{"model":"m","input":"cut of'),
  json(''),
];

const BINARY = Buffer.from(Uint8Array.from({ length: 5_000 }, (_, index) => index % 256));
const PART = '--b\r\ncontent-disposition: form-data; name="file"; filename="\u00e4.bin"\r\n\r\n';
const FORM: Body = {
  type: 'multipart/form-data; boundary=b',
  bytes: Buffer.concat([Buffer.from(PART), BINARY, Buffer.from('\r\n--b--\r\n')]),
};
const OTHER: Body = { type: 'application/sdp', bytes: Buffer.from('v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n') };

const bodiesOf = ({ types }: Route): readonly Body[] =>
  types.flatMap((type) =>
    type === 'application/json' ? JSON_BODIES : type === 'multipart/form-data' ? [FORM] : [OTHER],
  );

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** One way to send one body. */
interface Way {
  readonly body: Body;
  readonly coding: string;
  readonly isChunked: boolean;
}

const waysOf = (route: Route): readonly Way[] =>
  bodiesOf(route).flatMap((body) =>
    Object.keys(CODINGS).flatMap((coding) => [false, true].map((isChunked) => ({ body, coding, isChunked }))),
  );

const encoded = (way: Way | undefined) => way && (CODINGS[way.coding] as (body: Buffer) => Buffer)(way.body.bytes);

const headersOf = (way: Way | undefined) => ({
  ...(way && { 'content-type': way.body.type, 'content-encoding': way.coding }),
  ...(way?.isChunked && { 'transfer-encoding': 'chunked' }),
});

const ALL_WAYS = ROUTES.flatMap((route) => waysOf(route).map((way) => [route, way] as const));

/** @param share of all ways to send a body to a route, one in so many is tried */
export function passByteForByte({ share }: { readonly share: number }): void {
  describe('the bytes that a client sends are the bytes that the upstream receives', () => {
    story(
      `on each of ${ROUTES.length} routes, one in ${share} of all ways to send them`,
      { timeout: 180_000 + 600_000 / share },
      async ({ upstream, open }) => {
        const proxy = await open();
        upstream.script = ({ response, body }) =>
          response.writeHead(200, { 'content-type': 'text/plain' }).end(digestOf(body));
        let sent = 0;
        const send = async ({ method, path }: Route, way?: Way) => {
          const bytes = encoded(way);
          // Each is another sample, so that none is a hit.
          const headers = { 'x-refrain-variant': String((sent += 1)), ...headersOf(way) };
          const told = `${method} ${path} ${JSON.stringify(headers)}`;
          const { text, status } = await ask(`${proxy.url}${path}?b=2&a=%31`, {
            method,
            headers,
            ...(bytes && { body: bytes }),
          });
          const call = upstream.calls.pop();
          expect(
            {
              status,
              text,
              url: call?.url,
              method: call?.method,
              type: call?.headers['content-type'],
              coding: call?.headers['content-encoding'],
            },
            told,
          ).toEqual({
            status: 200,
            text: digestOf(bytes ?? Buffer.alloc(0)),
            url: `${path}?b=2&a=%31`,
            method,
            type: way?.body.type,
            coding: way?.coding,
          });
        };
        for (const route of ROUTES) if (route.types.length === 0) await send(route);
        for (const [route, way] of ALL_WAYS.filter((_, at) => at % share === share - 1)) await send(route, way);
        expect(upstream.calls).toEqual([]);
        expect(sent).toBeGreaterThan(ROUTES.length);
      },
    );
  });
}
