/**
 * Ways to ask a proxy to go elsewhere. Every way is tried on every route; the
 * spellings of the place to go take turns.
 */
export interface Vector {
  readonly what: string;
  readonly listener: 'api' | 'admin';
  /** A whole request. */
  readonly request: string;
}

interface Route {
  readonly listener: 'api' | 'admin';
  readonly method: string;
  readonly path: string;
}

const api = (method: string, path: string): Route => ({ listener: 'api', method, path });
const admin = (method: string, path: string): Route => ({ listener: 'admin', method, path });

const ROUTES: readonly Route[] = [
  ...[
    '/v1/chat/completions',
    '/v1/completions',
    '/v1/embeddings',
    '/v1/moderations',
    '/v1/responses',
    '/v1/files',
    '/other/v1/chat/completions',
    '/openai/deployments/d/chat/completions',
  ].map((path) => api('POST', path)),
  api('GET', '/v1/models'),
  api('DELETE', '/v1/responses/resp_1'),
  api('GET', '/other/v1/models'),
  admin('GET', '/healthz'),
  admin('GET', '/readyz'),
  admin('POST', '/explain'),
  admin('GET', '/elsewhere'),
  admin('GET', '/entries'),
  admin('GET', '/entries/0123456789abcdef'),
  admin('DELETE', '/entries/0123456789abcdef'),
  admin('POST', '/purge'),
  admin('GET', '/openapi.json'),
];

/** A request in the making. */
interface Draft {
  readonly target: string;
  readonly host: string;
  readonly lines: readonly string[];
  readonly body: object;
}

type Way = (place: string, draft: Draft) => Partial<Draft>;

const BODY_FIELDS = ['api_base', 'base_url', 'url', 'endpoint', 'proxy', 'webhook_url'];
const HEADERS = [
  'x-host',
  'x-upstream-host',
  'x-target-host',
  'x-forwarded-host',
  'x-forwarded-server',
  'x-original-host',
  'x-original-url',
  'x-rewrite-url',
  'x-api-base',
  'x-base-url',
  'x-refrain-upstream',
  'openai-base-url',
  'helicone-target-url',
  'x-portkey-custom-host',
  'proxy',
  'destination',
  'referer',
  'via',
];

const WAYS: readonly (readonly [string, Way])[] = [
  ...BODY_FIELDS.map(
    (name) =>
      [
        `the field ${name}`,
        (place: string, { body }: Draft) => ({ body: { ...body, [name]: `http://${place}/v1` } }),
      ] as const,
  ),
  ...HEADERS.map(
    (name) =>
      [
        `the header ${name}`,
        (place: string) => ({ lines: [`${name}: http://${place}/v1`, `${name}: ${place}`] }),
      ] as const,
  ),
  ['the header host', (place) => ({ host: place })],
  ['the header forwarded', (place) => ({ lines: [`forwarded: for=${place};host="${place}";proto=http`] })],
  ['the absolute form', (place, { target }) => ({ target: `http://${place}${target}` })],
  [
    'the absolute form with the upstream as its user',
    (place, { target }) => ({ target: `http://127.0.0.1@${place}${target}` }),
  ],
  ['two slashes', (place, { target }) => ({ target: `//${place}${target}` })],
  ['three slashes', (place, { target }) => ({ target: `///${place}${target}` })],
  ['a slash and a backslash', (place, { target }) => ({ target: `/\\${place}${target}` })],
  ['two backslashes', (place, { target }) => ({ target: `\\\\${place}${target}` })],
  ['an at sign', (place, { target }) => ({ target: `@${place}${target}` })],
  ['an at sign behind a slash', (place, { target }) => ({ target: `/@${place}${target}` })],
  ['an at sign behind the path', (place, { target }) => ({ target: `${target}@${place}/` })],
  ['a colon and an at sign', (place, { target }) => ({ target: `:80@${place}${target}` })],
  ['encoded slashes', (place, { target }) => ({ target: `/%2f%2f${place}${target}` })],
  ['an encoded at sign', (place, { target }) => ({ target: `/%40${place}${target}` })],
  ['a URL as the path', (place, { target }) => ({ target: `/http://${place}${target}` })],
  ['steps up to another host', (place, { target }) => ({ target: `/../..//${place}${target}` })],
  ['a query', (place, { target }) => ({ target: `${target}?url=http://${place}/&api_base=${place}` })],
  ['a fragment', (place, { target }) => ({ target: `${target}#@${place}/` })],
  ['the authority form', (place) => ({ target: place })],
  ['a scheme without slashes', (place, { target }) => ({ target: `http:${place}${target}` })],
];

/** How a place on this machine can be spelled, and where clouds keep their credentials. */
export function spellingsOf(port: number): readonly string[] {
  const names = [
    '127.0.0.1',
    'localhost',
    '2130706433',
    '0177.0.0.1',
    '0x7f000001',
    '0x7f.1',
    '127.1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'user:pass@127.0.0.1',
    'localhost.',
  ];
  return [...names.map((name) => `${name}:${port}`), '169.254.169.254', '169.254.169.254:80'];
}

/**
 * @param port where the canary sits
 * @param adminHost what the operator's listener wants to be called
 */
export function vectorsTo(port: number, adminHost: string): Vector[] {
  const places = spellingsOf(port);
  return WAYS.flatMap(([how, way], at) =>
    ROUTES.map((route, index) => {
      const place = places[(at + index) % places.length] as string;
      return {
        what: `${route.method} ${route.path} with ${how} ${place}`,
        listener: route.listener,
        request: spell(route, route.listener === 'admin' ? adminHost : 'x', way, place, `${at}-${index}`),
      };
    }),
  );
}

/** @param name makes the request a question of its own */
function spell({ method, path }: Route, own: string, way: Way, place: string, name: string): string {
  const plain: Draft = {
    target: path,
    host: own,
    lines: [],
    body: { model: name, messages: [{ role: 'user', content: name }], input: name, prompt: name },
  };
  const { target, host, lines, body } = { ...plain, ...way(place, plain) };
  const text =
    method === 'POST'
      ? JSON.stringify(path === '/explain' ? { a: { path: target, headers: { host }, body }, b: { body } } : body)
      : '';
  const head = [
    `${method} ${target} HTTP/1.1`,
    `host: ${host}`,
    'connection: close',
    'authorization: Bearer sk-of-the-standard',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    ...lines,
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}
