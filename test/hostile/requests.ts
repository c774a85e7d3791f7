/**
 * A grammar of requests that are framed as they should be and odd in all else:
 * targets, headers, JSON of every shape, multipart, compressed bodies.
 */
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Random } from '../request/random.ts';
import { markOf } from './marks.ts';
import { mutated } from './mutate.ts';

export interface Request {
  readonly listener: 'api' | 'admin';
  readonly method: string;
  readonly path: string;
  readonly bytes: Buffer;
}

export const CACHED = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/embeddings',
  '/v1/moderations',
  '/v1/responses',
] as const;
const OTHERS = [
  '/v1/files',
  '/v1/models',
  '/',
  '//',
  '/v1/../x',
  '/other/v1/models',
  '/v1/responses/resp_1',
  '/constructor/v1',
  '/v1/%00%ff',
  '/v1/a;b=c#d',
  '/v1/\\x',
  '/v1/\'"<>',
  '/v1/*',
];
const ADMIN = [
  '/explain',
  '/explain',
  '/explain',
  '/explain',
  '/purge',
  '/purge',
  '/entries',
  '/entries/0123456789abcdef',
  '/entries/%2e%2e',
  '/openapi.json',
  '/healthz',
  '/readyz',
  '/%',
  '//x',
  '/__proto__',
];
const QUERIES = [
  '',
  '',
  '',
  '',
  '?',
  '?a=b&a=c',
  '?x=http://127.0.0.1/',
  '?%',
  '?a[b]=c&__proto__=d',
  `?${'q'.repeat(3_000)}`,
];
const METHODS = ['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PROPFIND', 'QUERY', 'TRACE'];

const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['Authorization', ['Bearer sk-a', 'Bearer', '', 'Basic Og==', '\xff']],
  ['X-Api-Key', ['k', 'k, k']],
  [
    'Cache-Control',
    [
      'no-store',
      'no-cache',
      'max-age=0',
      'max-age=',
      'max-age=99999999999',
      'only-if-cached',
      'no-store, max-age="5"',
      ',,=,;"',
      'private="x',
    ],
  ],
  ['X-Refrain-Ttl', ['0', '60', 'inf', '-1', '1e9', '']],
  ['X-Refrain-Cache', ['all', 'off', 'deterministic', 'maybe']],
  ['X-Refrain-Variant', ['a', '\xe9', 'x'.repeat(300)]],
  ['X-Refrain-Debug', ['1', '0', '2']],
  [
    'Connection',
    [
      'keep-alive',
      'close',
      'content-length',
      'authorization, host',
      'x-odd, te',
      ',',
      'content-type, content-encoding',
    ],
  ],
  ['Accept-Encoding', ['gzip, br', '*;q=0', 'identity']],
  ['Accept', ['text/event-stream', '*/*;q=', '']],
  ['Expect', ['100-continue', 'x']],
  ['TE', ['trailers', 'gzip']],
  ['Trailer', ['x-odd']],
  ['Keep-Alive', ['timeout=0']],
  ['Range', ['bytes=0-1', 'bytes=5-1']],
  ['If-None-Match', ['"x"', '*']],
  ['X-Forwarded-Host', ['evil.example']],
  ['Proxy-Authorization', ['Basic x']],
  ['Cookie', ['a=b; c', ';;;=']],
  ['__proto__', ['x']],
  ['constructor', ['y']],
  ['X-Odd', ['', '\t', 'a\tb', '\x80\xff', '"', '%0d%0a', 'x'.repeat(5_000)]],
  [
    'Content-Type',
    ['application/json', 'application/json; charset=utf-16', 'text/plain', 'multipart/form-data; boundary=b', '/', ''],
  ],
];

/** As quickly as each can: what is packed is soon broken. */
export const PACKERS = {
  gzip: (bytes: Buffer) => gzipSync(bytes, { level: 1 }),
  deflate: (bytes: Buffer) => deflateSync(bytes, { level: 1 }),
  br: (bytes: Buffer) =>
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 0, [constants.BROTLI_PARAM_LGWIN]: 12 } }),
  zstd: (bytes: Buffer) =>
    zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 12 } }),
} as const;

/**
 * @param id marks whatever the request says, so that it is told from every other
 * @param adminHost what the operator's listener wants to be called
 */
export function makeRequest(id: number, random: Random, adminHost: string): Request {
  const listener = random.once(24) ? 'admin' : 'api';
  const isPlain = random.below(3) > 0;
  const method = isPlain ? 'POST' : random.pick(METHODS);
  const path = random.pick(listener === 'admin' ? ADMIN : random.below(4) > 0 ? CACHED : OTHERS);
  const { body, headers } = makeBody(id, path, random);
  const odd = Array.from({ length: isPlain ? random.below(3) : random.below(8) }, () => random.pick(HEADERS)).map(
    ([name, values]) => `${name}: ${random.pick(values)}\r\n`,
  );
  const lines = [
    `${method} ${path}${random.pick(QUERIES)} ${random.once(50) ? 'HTTP/1.0' : 'HTTP/1.1'}\r\n`,
    `Host: ${listener === 'admin' ? adminHost : 'x'}\r\n`,
    `X-Case: ${markOf(id)}\r\n`,
    ...random.shuffled([...headers, ...odd]),
  ];
  const framed = random.once(5) ? chunked(body, random) : [`Content-Length: ${body.length}\r\n\r\n`, body];
  return {
    listener,
    method,
    path,
    bytes: Buffer.concat(
      [...lines, ...framed].map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
    ),
  };
}

interface Body {
  readonly body: Buffer;
  readonly headers: readonly string[];
}

function makeBody(id: number, path: string, random: Random): Body {
  const kind = random.below(16);
  if (kind === 0)
    return { body: Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256))), headers: [] };
  if (kind === 1)
    return { body: multipart(id, random), headers: ['Content-Type: multipart/form-data; boundary=b\r\n'] };
  const document = Buffer.from(path === '/explain' ? explainDocument(id, random) : jsonDocument(id, random));
  const body = kind < 6 ? mutated(document, random) : document;
  const headers = ['Content-Type: application/json\r\n'];
  if (kind > 7) return { body, headers };
  const coding = random.pick(Object.keys(PACKERS) as (keyof typeof PACKERS)[]);
  const packed = PACKERS[coding](body);
  const named = random.once(4) ? random.pick(['x-gzip', 'GZIP', 'gzip, gzip', 'snappy', 'br', '']) : coding;
  return {
    body: random.once(2) ? mutated(packed, random) : packed,
    headers: [...headers, `Content-Encoding: ${named}\r\n`],
  };
}

function jsonDocument(id: number, random: Random): string {
  const text = JSON.stringify(markOf(id));
  const odd = oddValue(random);
  switch (random.below(6)) {
    case 0:
      return (
        `{"model":"m","messages":[{"role":"user","content":${text}},${odd}],` +
        `"n":${random.pick(['1', '2', '0', '1e400', 'null', '"1"'])}}`
      );
    case 1:
      return `{"model":${odd},"input":[${text},${odd}],"prompt":${text}}`;
    case 2:
      return `{"a":${text},"a":${odd},"messages":${odd},"input":${odd}}`;
    case 3:
      return random.pick([`[${text}]`, text, `${odd}`, '', ' ', `\ufeff{"x":${text}}`, `{"x":${text}}{}`]);
    default:
      return (
        `{"model":"m","messages":[{"role":"user","content":${text}}],"input":${text},"prompt":${text},` +
        `"stream":${random.once(2)}}`
      );
  }
}

/** A value that readers disagree on, or choke on. */
function oddValue(random: Random): string {
  const deep = random.once(20) ? random.pick([129, 1_000, 20_000]) : 8;
  return random.pick([
    'null',
    '{}',
    '[]',
    '-0',
    '1e400',
    '9007199254740993',
    '01',
    '"\\ud800"',
    '"\\u0000"',
    '"\u2028"',
    '"\\',
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{}}}',
    'NaN',
    'true',
    '{"":{"":[]}}',
    `${'['.repeat(deep)}${']'.repeat(deep)}`,
    `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
    '['.repeat(deep),
    `"${'\u00e9'.repeat(random.below(500))}"`,
    `[${'0,'.repeat(random.below(500))}0]`,
  ]);
}

function explainDocument(id: number, random: Random): string {
  const request = () =>
    `{"path":${random.pick(['"/v1/chat/completions"', '"x"', '"//"', oddValue(random)])},` +
    `"headers":${random.pick(['{}', '{"__proto__":"x"}', '{"a":["b",""]}', oddValue(random)])},` +
    `"body":${jsonDocument(id, random)}}`;
  const a = request();
  const key = () => random.pick(['"0123456789abcdef"', '"zz"', oddValue(random)]);
  return `{"a":${a},${random.pick([`"b":${request()}`, `"key":${key()}`, '"__proto__":{}'])}}`;
}

function multipart(id: number, random: Random): Buffer {
  const part =
    `--b\r\ncontent-disposition: form-data; name="file"; filename="${markOf(id)}"\r\n\r\n` +
    `${'\0\xff'.repeat(random.below(200))}\r\n`;
  const whole = Buffer.from(`${part.repeat(1 + random.below(3))}--b--\r\n`, 'latin1');
  return random.once(2) ? mutated(whole, random) : whole;
}

function chunked(body: Buffer, random: Random): (string | Buffer)[] {
  const parts: (string | Buffer)[] = ['Transfer-Encoding: chunked\r\n\r\n'];
  for (let at = 0; at < body.length; ) {
    const chunk = body.subarray(at, at + 1 + random.below(400));
    parts.push(`${chunk.length.toString(16)}${random.once(9) ? ';x=y' : ''}\r\n`, chunk, '\r\n');
    at += chunk.length;
  }
  return [...parts, '0\r\n\r\n'];
}
