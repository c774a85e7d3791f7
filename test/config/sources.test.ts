import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { flagName, variableName } from '../../src/config/setting.ts';
import type { Path } from '../../src/config/settings.ts';
import { createProcessInput, loadConfig, type Start } from './process-input.ts';

const load = (start: Start): Config => loadConfig(createProcessInput(start));

describe('precedence', () => {
  const file = { argv: ['--config', 'refrain.json'], files: { 'refrain.json': '{"logLevel":"warn"}' } };
  const dotenv = { ...file, files: { ...file.files, '.env': 'REFRAIN_LOG_LEVEL=error' } };
  const environment = { ...dotenv, env: { REFRAIN_LOG_LEVEL: 'fatal' } };
  const flag = { ...environment, argv: [...file.argv, '--log-level', 'silent'] };

  it.each<[string, Start, string]>([
    ['the default holds where nothing is given', {}, 'info'],
    ['the file wins over the default', file, 'warn'],
    ['.env wins over the file', dotenv, 'error'],
    ['the environment wins over .env', environment, 'fatal'],
    ['a flag wins over the environment', flag, 'silent'],
    ['the last of two equal flags wins', { argv: [...flag.argv, '--log-level=trace'], files: flag.files }, 'trace'],
    ['an empty variable gives way to .env', { ...dotenv, env: { REFRAIN_LOG_LEVEL: '' } }, 'error'],
    [
      'an empty variable in .env gives way to the file',
      { ...file, files: { ...file.files, '.env': 'REFRAIN_LOG_LEVEL=' } },
      'warn',
    ],
  ])('%s', (_, start, level) => {
    expect(load(start).logLevel).toBe(level);
  });

  const files = {
    'a.json': '{"port":1}',
    'b.json': '{"port":2}',
    'c.json': '{"port":3}',
    '.env': 'REFRAIN_CONFIG=a.json',
  };

  it.each<[string, Start, number]>([
    ['.env names the file', { files }, 1],
    ['the environment names it before .env', { files, env: { REFRAIN_CONFIG: 'b.json' } }, 2],
    [
      '--config names it before the environment',
      { files, env: { REFRAIN_CONFIG: 'b.json' }, argv: ['--config=c.json'] },
      3,
    ],
  ])('%s', (_, start, port) => {
    expect(load(start).port).toBe(port);
  });

  it('leaves process.env as it was', () => {
    load({ files: { '.env': 'REFRAIN_CACHE=off\nHTTP_PROXY=http://proxy:1' } });
    expect(process.env).not.toHaveProperty('REFRAIN_CACHE');
    expect(process.env).not.toHaveProperty('HTTP_PROXY', 'http://proxy:1');
  });
});

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** A text for each setting that differs from its default, and the value that it stands for. */
const texts: Record<Exclude<Path, 'upstreams'>, readonly [string, unknown]> = {
  'host': ['::', '::'],
  'port': ['0', 0],
  'admin.host': ['127.9.9.9', '127.9.9.9'],
  'admin.port': ['65535', 65_535],
  'admin.hosts': ['refrain.internal, [::1]:80', ['refrain.internal', '[::1]:80']],
  'admin.token': ['s3cret!', 's3cret!'],
  'tls.cert': ['/etc/refrain.crt', '/etc/refrain.crt'],
  'tls.key': ['/etc/refrain.key', '/etc/refrain.key'],
  'upstream': ['HTTP://LocalHost:8080/v1/', 'http://localhost:8080/v1'],
  'dialect': ['engine', 'engine'],
  'doneMarker': ['optional', 'optional'],
  'forms': ['exact', 'exact'],
  'noStore': ['ignore', 'ignore'],
  'memory.bytes': ['1GiB', 1_073_741_824],
  'store.path': ['/var/refrain.sqlite', '/var/refrain.sqlite'],
  'store.bytes': ['1000', 1000],
  'store.prompts': ['false', false],
  'store.encrypt': ['secret', 'secret'],
  'cassette': ['/a/llm.cassette', '/a/llm.cassette'],
  'offline': ['true', true],
  'record': ['sequence', 'sequence'],
  'recordErrors': ['true', true],
  'redact': ['/user, header:X-Tenant', ['/user', 'header:x-tenant']],
  'redactPattern': ['\\d{3},\\d{4}', ['\\d{3},\\d{4}']],
  'redis': ['rediss://a:6379, rediss://u:p@b:6380', ['rediss://a:6379', 'rediss://u:p@b:6380']],
  'secret': ['AB'.repeat(32), 'ab'.repeat(32)],
  'secretFile': ['/run/secrets/refrain', '/run/secrets/refrain'],
  'workers': ['auto', 'auto'],
  'ttl': ['12h', 43_200],
  'maxTtl': ['30d', 2_592_000],
  'stale.revalidate': ['10m', 600],
  'stale.error': ['inf', Infinity],
  'stale.keep': ['2d', 172_800],
  'maxEntryBytes': ['1.5MiB', 1_572_864],
  'maxKeyedBytes': ['1MiB', 1_048_576],
  'maxRequestBytes': ['2MB', 2_000_000],
  'cache': ['deterministic', 'deterministic'],
  'samples': ['3', 3],
  'pace': ['40/s', 40],
  'items': ['off', 'off'],
  'sse.noStore': ['ignore', 'ignore'],
  'keep': ['length, empty', ['length', 'empty']],
  'scope.shared': ['team-a', 'team-a'],
  'scope.members': [`*, ${DIGEST.toUpperCase().replace('SHA', 'sha')}`, ['*', DIGEST]],
  'bypass': ['default,/enable_lookup,model:a*', ['default', '/enable_lookup', 'model:a*']],
  'scope.headers': ['default, X-Tenant,x-user-*', ['default', 'x-tenant', 'x-user-*']],
  'auth.recheck': ['30m', 1_800],
  'key.ignore': ['default,/metadata/trace_id,header:X-Trace', ['default', '/metadata/trace_id', 'header:x-trace']],
  'key.include': ['/user, header:User-Agent', ['/user', 'header:user-agent']],
  'onAbandon': ['finish', 'finish'],
  'flight.takeoverAfter': ['20s', 20],
  'heartbeat': ['15s', 15],
  'limits.flights': ['10', 10],
  'limits.listeners': ['20', 20],
  'limits.bytes': ['1MiB', 1_048_576],
  'limits.requestBytes': ['3MiB', 3_145_728],
  'timeouts.connect': ['0.5', 0.5],
  'timeouts.firstByte': ['45s', 45],
  'timeouts.idle': ['1m', 60],
  'timeouts.drain': ['0', 0],
  'logLevel': ['debug', 'debug'],
  'logFormat': ['json', 'json'],
};

describe('a name that a setting had before', () => {
  it.each<[string, Start]>([
    ['a flag', { argv: ['--flight-patience', '20s'] }],
    ['a variable', { env: { REFRAIN_FLIGHT_PATIENCE: '20s' } }],
    ['a line of .env', { files: { '.env': 'REFRAIN_FLIGHT_PATIENCE=20s' } }],
    ['the file', { argv: ['--config', 'my.json'], files: { 'my.json': '{"flight":{"patience":"20s"}}' } }],
  ])('is read as %s, and noted with what to write instead', (_, start) => {
    expect(load(start)).toMatchObject({
      flight: { takeoverAfter: 20 },
      formerNames: [{ setting: 'flight.patience', instead: 'flight.takeoverAfter=20' }],
      unknownVariables: [],
    });
  });

  it('gives way to the name of today, wherever that is', () => {
    const files = { 'my.json': '{"flight":{"takeoverAfter":"30s"}}' };
    expect(load({ argv: ['--flight-patience', '20s', '--config', 'my.json'], files })).toMatchObject({
      flight: { takeoverAfter: 30 },
      formerNames: [],
    });
  });

  it('may have had other values, which are read as those of today', () => {
    expect(load({ env: { REFRAIN_INCOMPLETE: 'keep' } })).toMatchObject({
      keep: ['length', 'incomplete'],
      formerNames: [{ setting: 'incomplete', instead: 'keep=length,incomplete' }],
    });
  });
});

/** The settings that another setting needs. */
const companions: Partial<Record<Path, readonly Path[]>> = {
  'scope.shared': ['scope.members'],
  'scope.members': ['scope.shared'],
  'store.encrypt': ['secretFile'],
  'tls.cert': ['tls.key'],
  'tls.key': ['tls.cert'],
};

describe.each(Object.entries(texts))('%s', (path, [, value]) => {
  const together = [path, ...(companions[path as Path] ?? [])] as Exclude<Path, 'upstreams'>[];
  const tree = together.reduce<object>((built, each) => merge(built, each, texts[each][0]), {});

  it.each<[string, Start]>([
    ['a flag', { argv: together.flatMap((each) => [`--${flagName(each)}`, texts[each][0]]) }],
    ['a variable', { env: Object.fromEntries(together.map((each) => [variableName(each), texts[each][0]])) }],
    ['a JSON file', { argv: ['--config', 'refrain.json'], files: { 'refrain.json': JSON.stringify(tree) } }],
  ])('is given by %s', (_, start) => {
    expect(load(start)).toHaveProperty(path, value);
  });
});

/** `tree` with `value` at a path of one or two parts. */
function merge(tree: object, path: string, value: unknown): object {
  const [group = '', leaf] = path.split('.');
  if (leaf === undefined) return { ...tree, [group]: value };
  return { ...tree, [group]: { ...Object(Reflect.get(tree, group)), [leaf]: value } };
}

describe('the JSON file', () => {
  const loadFile = (settings: object) =>
    load({ argv: ['--config', 'refrain.json'], files: { 'refrain.json': JSON.stringify(settings) } });

  it('gives numbers, lists and null as JSON has them', () => {
    const config = loadFile({
      port: 80,
      ttl: 90,
      admin: { token: null },
      key: { ignore: [] },
      scope: { shared: 'x', members: ['*'] },
    });
    expect(config).toMatchObject({
      port: 80,
      ttl: 90,
      admin: { token: null },
      key: { ignore: [] },
      scope: { members: ['*'] },
    });
  });

  it('names further upstreams by URL or by object', () => {
    const { upstreams } = loadFile({
      upstreams: {
        groq: 'https://api.groq.com/openai/v1/',
        local: { url: 'http://[::1]:8080', dialect: 'engine', doneMarker: 'optional', noStore: 'ignore' },
      },
    });
    expect({ ...upstreams }).toEqual({
      groq: { url: 'https://api.groq.com/openai/v1', dialect: 'auto', doneMarker: null, noStore: null, forms: null },
      local: {
        url: 'http://[::1]:8080',
        dialect: 'engine',
        doneMarker: 'optional',
        noStore: 'ignore',
        forms: null,
      },
    });
  });

  it('has no upstream under a name that every object knows', () => {
    expect(loadFile({ upstreams: { groq: 'https://api.groq.com' } }).upstreams['constructor']).toBeUndefined();
  });
});

describe('the variables that every program shares', () => {
  it.each<[string, Start, Config['proxy']]>([
    ['none is set', {}, { http: null, https: null, no: null }],
    [
      'in upper case',
      { env: { HTTP_PROXY: 'http://a:1', HTTPS_PROXY: 'https://u:p@b', NO_PROXY: 'x,.y' } },
      { http: 'http://a:1', https: 'https://u:p@b', no: 'x,.y' },
    ],
    [
      'in lower case, which wins',
      { env: { http_proxy: 'http://b', HTTP_PROXY: 'http://a' } },
      { http: 'http://b', https: null, no: null },
    ],
    ['in .env', { files: { '.env': 'https_proxy=http://c' } }, { http: null, https: 'http://c', no: null }],
    ['without a scheme', { env: { HTTPS_PROXY: 'proxy:3128' } }, { http: null, https: 'http://proxy:3128', no: null }],
  ])('%s', (_, start, proxy) => {
    expect(load(start).proxy).toEqual(proxy);
  });
});

describe('an unknown variable', () => {
  it('is no error, and is told with the nearest name', () => {
    const { unknownVariables } = load({
      env: { REFRAIN_PROT: '1', REFRAIN_MEMORY_BYTE: '2', REFRAIN_EMPTY: '', REFRAINED: '3', REFRAIN_PORT: '4' },
      files: { '.env': 'REFRAIN_PROT=5\nREFRAIN_CONFIGS=x' },
    });
    expect(unknownVariables).toEqual([
      { name: 'REFRAIN_PROT', nearest: 'REFRAIN_PORT' },
      { name: 'REFRAIN_CONFIGS', nearest: 'REFRAIN_CONFIG' },
      { name: 'REFRAIN_MEMORY_BYTE', nearest: 'REFRAIN_MEMORY_BYTES' },
    ]);
  });

  it('is also one that only the JSON file can give', () => {
    const config = load({ env: { REFRAIN_UPSTREAMS: '{}' } });
    expect(config.unknownVariables).toEqual([{ name: 'REFRAIN_UPSTREAMS', nearest: 'REFRAIN_UPSTREAM' }]);
  });
});

describe('a secret in a file', () => {
  const files = { token: 's3cret\r\n\n', redis: 'redis://:password@cache:6379\n' };

  it('is named by the variable with _FILE behind its name, in .env too, and ends before its newlines', () => {
    expect(load({ env: { REFRAIN_ADMIN_TOKEN_FILE: 'token', REFRAIN_REDIS_FILE: 'redis' }, files })).toMatchObject({
      admin: { token: 's3cret' },
      redis: ['redis://:password@cache:6379'],
      unknownVariables: [],
    });
    expect(load({ files: { ...files, '.env': 'REFRAIN_ADMIN_TOKEN_FILE=token' } }).admin.token).toBe('s3cret');
    expect(load({ argv: ['--admin-token', 'other'], env: { REFRAIN_ADMIN_TOKEN_FILE: 'token' }, files })).toMatchObject(
      {
        admin: { token: 'other' },
      },
    );
  });

  it.each<[string, Start, RegExp]>([
    [
      'beside the secret itself',
      { env: { REFRAIN_ADMIN_TOKEN: 'x', REFRAIN_ADMIN_TOKEN_FILE: 'token' } },
      /^REFRAIN_ADMIN_TOKEN and REFRAIN_ADMIN_TOKEN_FILE both give one secret; drop one of them$/,
    ],
    [
      'that cannot be read',
      { env: { REFRAIN_ADMIN_TOKEN_FILE: 'missing' } },
      /^REFRAIN_ADMIN_TOKEN_FILE names \/.*\/missing, which cannot be read \(ENOENT\)$/,
    ],
    [
      'that is none',
      { env: { REFRAIN_ADMIN_TOKEN_FILE: 'redis' }, files: { redis: 'two words' } },
      /^REFRAIN_ADMIN_TOKEN_FILE in \/.*\/redis is set \(not shown\); it may be 1 to 256/,
    ],
  ])('%s is refused', (_, start, message) => {
    expect(() => load({ files, ...start })).toThrow(message);
  });
});
