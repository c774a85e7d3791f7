import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/errors.ts';
import { createProcessInput, loadConfig, type Start } from './process-input.ts';

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const refusal = (start: Start) => refusalOf(() => loadConfig(createProcessInput(start)));
const DIGITS = 'ab'.repeat(32);
const refusalOfFile = (text: string) => refusal({ argv: ['--config', 'my.json'], files: { 'my.json': text } });

describe('a bad value', () => {
  const PORT = 'a whole number from 0 to 65535';
  const HOST = 'a host name or an IP address, without a port';
  const SIZE = 'a whole number of bytes, or a size such as 512KiB, 256MiB or 4GB';
  const LIFETIME = 'a whole number of seconds, a duration such as 45s, 30m, 12h or 7d, or inf';
  const TIMEOUT = 'a number of seconds or a duration such as 45s, 30m or 12h, above 0 and at most 24d';
  const URL_TEXT = 'an http or https URL without credentials, query and fragment';
  const POINTERS = 'JSON Pointers such as /metadata/trace_id or /input/*/id, and header:NAME';
  const IGNORED = `none, or a list, with commas between, of default, ${POINTERS}`;
  const BYPASSED =
    'none, or a list, with commas between, of default, JSON Pointers such as /enable_search, and ' +
    'model:PATTERN such as model:sonar*';
  const INCLUDED = `none, or a list, with commas between, of ${POINTERS}`;

  it.each([
    ['REFRAIN_PORT', 'abc', PORT],
    ['REFRAIN_PORT', '65536', PORT],
    ['REFRAIN_PORT', '-1', PORT],
    ['REFRAIN_PORT', '1.5', PORT],
    ['REFRAIN_PORT', '1k', PORT],
    ['REFRAIN_HOST', 'localhost:80', HOST],
    ['REFRAIN_ADMIN_HOST', 'http://x', HOST],
    ['REFRAIN_MEMORY_BYTES', '256mb', SIZE],
    ['REFRAIN_MEMORY_BYTES', '0.3', SIZE],
    ['REFRAIN_STORE_BYTES', 'inf', SIZE],
    ['REFRAIN_STORE_BYTES', '9999999999GiB', SIZE],
    ['REFRAIN_TTL', '7w', LIFETIME],
    ['REFRAIN_TTL', '-1', LIFETIME],
    ['REFRAIN_MAX_TTL', '0.5', LIFETIME],
    ['REFRAIN_TIMEOUTS_CONNECT', '0', TIMEOUT],
    ['REFRAIN_TIMEOUTS_IDLE', '25d', TIMEOUT],
    ['REFRAIN_TIMEOUTS_DRAIN', 'inf', 'a number of seconds or a duration such as 45s, 30m or 12h, at most 24d'],
    ['REFRAIN_UPSTREAM', 'ftp://host/v1', URL_TEXT],
    ['REFRAIN_UPSTREAM', 'api.openai.com', URL_TEXT],
    ['REFRAIN_UPSTREAM', 'https://', URL_TEXT],
    ['REFRAIN_STORE_PATH', 'answers/', 'the path of a file, auto or off'],
    ['REFRAIN_CASSETTE', 'answers/', 'the path of a file, or off'],
    ['REFRAIN_STORE_PATH', '~/.cache/answers.sqlite', 'a path that has the home directory itself in the place of ~'],
    ['REFRAIN_SECRET_FILE', '~/secret', 'a path that has the home directory itself in the place of ~'],
    ['REFRAIN_CACHE', 'ALL', 'all, deterministic or off'],
    ['REFRAIN_ON_ABANDON', 'stop', 'abort or finish'],
    ['REFRAIN_DONE_MARKER', 'no', 'auto, required or optional'],
    ['REFRAIN_LOG_LEVEL', 'verbose', 'trace, debug, info, warn, error, fatal or silent'],
    ['REFRAIN_SCOPE_SHARED', 'a team', '1 to 64 letters, digits, dots, underscores and hyphens'],
    ['REFRAIN_BYPASS', 'default,enable_search', BYPASSED],
    ['REFRAIN_BYPASS', 'model:', BYPASSED],
    ['REFRAIN_KEY_IGNORE', 'default,metadata', IGNORED],
    ['REFRAIN_KEY_IGNORE', '/a~2b', IGNORED],
    ['REFRAIN_KEY_IGNORE', 'header:', IGNORED],
    ['REFRAIN_KEY_IGNORE', 'default,', IGNORED],
    ['REFRAIN_KEY_IGNORE', '/*', IGNORED],
    ['REFRAIN_KEY_INCLUDE', 'default', INCLUDED],
    ['REFRAIN_KEY_INCLUDE', 'user-agent', INCLUDED],
    [
      'REFRAIN_SCOPE_HEADERS',
      'x-*-user',
      'none, or a list, with commas between, of default and names of headers such as x-tenant or x-user-*',
    ],
    ['REFRAIN_INCOMPLETE', 'no', 'drop or keep'],
    ['REFRAIN_FLIGHT_PATIENCE', '0', TIMEOUT],
    ['REFRAIN_DIALECT', 'openrouter', 'auto, openai, anthropic, compatible or engine'],
  ])('%s=%s', (name, value, allowed) => {
    expect(refusal({ env: { [name]: value } })).toBe(`${name} is "${value}"; it may be ${allowed}`);
  });

  it.each([
    'localhost:6379',
    'http://a:6379',
    'redis://user:hunter2@a:notaport',
    'redis://a:6379,nothing',
    'redis://a:6379/x',
    'redis://a:6379,rediss://b:6379',
    'redis://a:6379,redis://b:6379/1',
    'redis-sentinel://a:26379',
  ])('names no Redis: %s', (value) => {
    expect(refusal({ env: { REFRAIN_REDIS: value } })).toMatch(/^REFRAIN_REDIS .*it may be redis:\/\/ or rediss:/);
    expect(refusal({ env: { REFRAIN_REDIS: value } })).not.toContain('hunter2');
  });

  it.each([
    ['http://h/v1/chat/completions', 'http://h/v1'],
    ['http://h/v1/messages', 'http://h/v1'],
    ['http://h/v2/rerank', 'http://h/v2'],
    ['http://h/v1/chat/completions/', 'http://h/v1'],
    ['https://H/openai/v1/Responses', 'https://h/openai/v1'],
    ['http://h/v1/embeddings', 'http://h/v1'],
    ['http://h/v1/completions', 'http://h/v1'],
    ['http://h/v1/moderations', 'http://h/v1'],
    ['http://h/v1/models', 'http://h/v1'],
    ['http://h/chat/completions', 'http://h'],
    ['http://h/v1/images/generations', 'http://h/v1'],
    ['http://h/v1/audio/speech', 'http://h/v1'],
    ['http://h/openai/deployments/d/chat/completions', 'http://h/openai/deployments/d'],
    [
      'https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21',
      'https://x.openai.azure.com/openai/deployments/d',
    ],
    ['http://h/v1/chat/completions#x', 'http://h/v1'],
  ])('is an upstream with the path of an endpoint: %s', (value, right) => {
    const allowed = `it may be ${right}, without the path of an endpoint`;
    // A query may hold a key.
    const shown = value.replace(/[?#].*/, '…');
    expect(refusal({ argv: ['--upstream', value] })).toBe(`--upstream is "${shown}"; ${allowed}`);
    expect(refusalOfFile(JSON.stringify({ upstreams: { x: value } }))).toBe(
      `upstreams.x in my.json is "${shown}"; ${allowed}`,
    );
    expect(refusalOfFile(JSON.stringify({ upstreams: { x: { url: value } } }))).toBe(
      `upstreams.x.url in my.json is "${shown}"; ${allowed}`,
    );
  });

  it('is no upstream that only looks like an endpoint', () => {
    for (const url of ['http://h/models/m/v1', 'http://models/v1', 'http://h/my-models', 'http://h/responses/v1']) {
      expect(loadConfig(createProcessInput({ argv: ['--upstream', url] })).upstream).toBe(url);
    }
  });

  it.each<[string, Start]>([
    ['--port', { argv: ['--port', 'abc'] }],
    ['REFRAIN_PORT in .env', { files: { '.env': 'REFRAIN_PORT=abc' } }],
    ['port in my.json', { argv: ['--config', 'my.json'], files: { 'my.json': '{"port":"abc"}' } }],
  ])('is named as the person wrote it: %s', (place, start) => {
    expect(refusal(start)).toBe(`${place} is "abc"; it may be ${PORT}`);
  });

  it('is refused where a test overrides a default', () => {
    expect(refusalOf(() => createConfig({ memory: { bytes: -1 } }))).toBe(`memory.bytes is -1; it may be ${SIZE}`);
  });

  it('stays on one line and is cut', () => {
    expect(refusal({ env: { REFRAIN_PORT: 'a\nb' } })).toBe(`REFRAIN_PORT is "a\\nb"; it may be ${PORT}`);
    expect(refusal({ env: { REFRAIN_PORT: '1'.repeat(5_000) } })).toBe(
      `REFRAIN_PORT is "${'1'.repeat(80)}"; it may be ${PORT}`,
    );
  });
});

describe('a secret is not shown', () => {
  const upstream = 'it may be an http or https URL without credentials, query and fragment';

  it.each<[string, Start, string]>([
    [
      'token',
      { env: { REFRAIN_ADMIN_TOKEN: 'sk secret' } },
      'REFRAIN_ADMIN_TOKEN is set (not shown); it may be 1 to 256 printable ASCII characters without spaces',
    ],
    [
      'secret',
      { argv: ['--secret', 'hunter2'] },
      '--secret is set (not shown); it may be 64 hexadecimal digits, such as `openssl rand -hex 32` prints',
    ],
    [
      'member',
      { argv: ['--scope-members=sk-secret'] },
      '--scope-members is set (not shown); ' +
        'it may be a list, with commas between, of sha256: and 64 hex digits, or * for every caller',
    ],
    [
      'proxy',
      { env: { HTTPS_PROXY: 'socks5://me:secret@proxy' } },
      'HTTPS_PROXY is set (not shown); it may be the http or https URL of a proxy',
    ],
    [
      'credentials',
      { env: { REFRAIN_UPSTREAM: 'https://me:se@cret@host/v1' } },
      `REFRAIN_UPSTREAM is "…@host/v1"; ${upstream}`,
    ],
    [
      'query',
      { env: { REFRAIN_UPSTREAM: 'https://host/v1?key=secret' } },
      `REFRAIN_UPSTREAM is "https://host/v1…"; ${upstream}`,
    ],
    [
      'fragment',
      { env: { REFRAIN_UPSTREAM: 'https://host/v1#secret' } },
      `REFRAIN_UPSTREAM is "https://host/v1…"; ${upstream}`,
    ],
  ])('%s', (_, start, message) => {
    expect(refusal(start)).toBe(message);
  });
});

describe('a bad command line', () => {
  const noFlag = (flag: string, nearest: string, command = 'start') =>
    `unknown option '${flag}' (the nearest is --${nearest}); see refrain ${command} --help`;
  const tooMany = (command: string, expected: number, ...words: string[]) =>
    `too many arguments for '${command}'. Expected ${expected} argument${expected === 1 ? '' : 's'} ` +
    `but got ${words.length}: ${words.join(', ')}; see refrain ${command} --help`;
  const CHOICES = '--model, --endpoint, --scope, --older-than, --newer-than, --tag, --text';

  it.each([
    [['--prot', '80'], noFlag('--prot', 'port')],
    [['start', '--prot=80'], noFlag('--prot', 'port')],
    [['--upstreams', '{}'], noFlag('--upstreams', 'upstream')],
    [['--no-port'], noFlag('--no-port', 'port')],
    [['-x'], noFlag('-x', 'ttl')],
    [['--a\nb'], noFlag('--a b', 'ttl')],
    [['--json'], noFlag('--json', 'host')],
    [['ls', '--modle', 'x'], noFlag('--modle', 'model', 'ls')],
    [['doctor', '--prot', '80'], noFlag('--prot', 'port', 'doctor')],
    [['stat'], "unknown command 'stat' (Did you mean one of start, stats?); see refrain --help"],
    [['strat'], "unknown command 'strat' (Did you mean start?); see refrain --help"],
    [['help', 'lss'], "unknown command 'lss'; see refrain --help"],
    [['--', '--port'], tooMany('start', 0, '--port')],
    [['--port', '80', 'stats'], "'stats' stands behind flags; a command comes first, see refrain stats --help"],
    [['start', 'state'], tooMany('start', 0, 'state')],
    [['show', 'a', 'b'], tooMany('show', 1, 'a', 'b')],
    [['show'], "missing required argument 'KEY'; see refrain show --help"],
    [['explain', 'a.json'], "missing required argument 'B.json|KEY'; see refrain explain --help"],
    [['--port'], "option '--port <VALUE>' argument missing; see refrain start --help"],
    [['--host', '--port', '80'], '--host has no value; it may be given one as --host=VALUE'],
    [['ls', '--model', '--json'], '--model has no value; it may be given one as --model=VALUE'],
    [['--port='], '--port is ""; it may be a whole number from 0 to 65535'],
    [['ls', '--limit', '0'], '--limit is "0"; it may be a whole number from 1'],
    [['ls', '--sort', 'oldest'], '--sort is "oldest"; it may be newest, largest or most-used'],
    [
      ['ls', '--older-than', 'soon'],
      '--older-than is "soon"; it may be a whole number of seconds, or a duration such as 45s, 30m, 12h or 7d',
    ],
    [
      ['stats', '--url', 'localhost:4748'],
      '--url is "localhost:4748"; it may be an http or https URL without credentials, query and fragment',
    ],
    [
      ['rm', '../x'],
      'KEY is "../x"; it may be the 16 to 64 hexadecimal digits of a key, perhaps with .json or .sse after them',
    ],
    [['purge'], `purge has nothing to choose by; give it any of ${CHOICES}, or --all for every answer`],
    [
      ['purge', '--tag', 'x', '--include-unjudged'],
      '--include-unjudged is about what --text cannot judge; give it --text',
    ],
    [['completion', 'tcsh'], 'SHELL is "tcsh"; it may be bash, zsh or fish'],
    [['purge', '--all', '--tag', 'x'], '--all stands for every answer; leave it out, or else the other flags'],
  ])('%j', (argv, message) => {
    expect(refusal({ argv })).toBe(message);
  });

  it('may begin a value with a hyphen where it is told as one', () => {
    expect(loadConfig(createProcessInput({ argv: ['--admin-token=-x'] })).admin.token).toBe('-x');
  });
});

describe('a bad file', () => {
  const READABLE = 'it may be a JSON file that holds an object of settings';

  it.each([
    ['{"port":1,}', `--config is "my.json", which is not JSON (line 1 column 11); ${READABLE}`],
    ['{"admin":{"token": secret}}', `--config is "my.json", which is not JSON; ${READABLE}`],
    ['[]', `--config is "my.json", which holds a list; ${READABLE}`],
    ['null', `--config is "my.json", which holds null; ${READABLE}`],
    ['{"prot":1}', 'prot in my.json is not a setting; the nearest is port'],
    ['{"memory":{"byte":1}}', 'memory.byte in my.json is not a setting; the nearest is memory.bytes'],
    [
      '{"memory.bytes":{"x":1}}',
      'memory.bytes in my.json is an object; ' +
        'it may be a whole number of bytes, or a size such as 512KiB, 256MiB or 4GB',
    ],
    ['{"__proto__":{"port":1}}', '__proto__ in my.json is not a setting; the nearest is port'],
    ['{"memory":5}', 'memory in my.json is 5; it may be an object that holds memory.bytes'],
    [
      '{"store":null}',
      'store in my.json is null; it may be an object that holds store.path, store.bytes, store.prompts, store.encrypt',
    ],
    ['{"port":null}', 'port in my.json is null; it may be a whole number from 0 to 65535'],
    ['{"cache":["all"]}', 'cache in my.json is a list; it may be all, deterministic or off'],
  ])('%s', (text, message) => {
    expect(refusalOfFile(text)).toBe(message);
  });

  it('names one item of a list', () => {
    expect(refusalOfFile('{"key":{"ignore":["default",7]}}')).toMatch(
      /^key\.ignore\[1\] in my\.json is 7; it may be none, or a list/,
    );
  });

  it('that is missing is named as it was asked for', () => {
    expect(refusal({ env: { REFRAIN_CONFIG: 'gone.json' } })).toBe(
      `REFRAIN_CONFIG is "gone.json", which cannot be read (ENOENT); ${READABLE}`,
    );
    expect(refusal({ argv: ['--config', '.'] })).toBe(`--config is ".", which cannot be read (EISDIR); ${READABLE}`);
  });

  it('may be .env', () => {
    const input = createProcessInput({});
    mkdirSync(join(input.cwd, '.env'));
    expect(refusalOf(() => loadConfig(input))).toBe('.env cannot be read (EISDIR); it may be a text file, or absent');
  });
});

describe('a bad named upstream', () => {
  const NAME = 'lower-case letters, digits and hyphens, but no first segment of an OpenAI path such as v1 or chat';
  const URL_TEXT = 'an http or https URL without credentials, query and fragment';
  const EITHER = 'a base URL, or an object with url and perhaps dialect, doneMarker, noStore and forms';

  it.each([
    ['v1', NAME],
    ['chat', NAME],
    ['openai', NAME],
    ['Groq', NAME],
    ['-x', NAME],
    ['a_b', NAME],
    ['', NAME],
  ])('by its name: "%s"', (name, allowed) => {
    expect(refusalOfFile(JSON.stringify({ upstreams: { [name]: 'https://x' } }))).toBe(
      `upstreams.${name} in my.json is not a usable name; it may be ${allowed}`,
    );
  });

  it.each<[unknown, string]>([
    ['ftp://x', `upstreams.x in my.json is "ftp://x"; it may be ${URL_TEXT}`],
    [{ url: 'ftp://x' }, `upstreams.x.url in my.json is "ftp://x"; it may be ${URL_TEXT}`],
    [{}, `upstreams.x in my.json is an object; it may be ${URL_TEXT}`],
    [7, `upstreams.x in my.json is 7; it may be ${EITHER}`],
    [
      { url: 'http://x', doneMarker: 'no' },
      'upstreams.x.doneMarker in my.json is "no"; it may be auto, required or optional',
    ],
    [{ url: 'http://x', noStore: 'no' }, 'upstreams.x.noStore in my.json is "no"; it may be obey or ignore'],
    [
      { url: 'http://x', dialect: 'openrouter' },
      'upstreams.x.dialect in my.json is "openrouter"; it may be auto, openai, anthropic, compatible or engine',
    ],
    [
      { url: 'http://x', key: 'sk' },
      `upstreams.x.key in my.json is not a setting; upstreams.x in my.json may be ${EITHER}`,
    ],
  ])('%j', (value, message) => {
    expect(refusalOfFile(JSON.stringify({ upstreams: { x: value } }))).toBe(message);
  });
});

describe('settings that do not go together', () => {
  const LOOPBACK = 'without REFRAIN_ADMIN_TOKEN it may be a loopback address alone: 127.0.0.1, ::1 or localhost';

  it.each(['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.0.0.1.example.com'])(
    'operators on %s without a token',
    (host) => {
      expect(refusal({ argv: ['--admin-host', host] })).toBe(`--admin-host is "${host}"; ${LOOPBACK}`);
    },
  );

  it.each(['127.0.0.1', '127.8.7.6', '::1', '0:0:0:0:0:0:0:1', 'localhost', 'LOCALHOST'])(
    'operators on %s need no token',
    (host) => {
      expect(createConfig({ admin: { host } }).admin).toMatchObject({ host, token: null });
    },
  );

  it('operators anywhere with a token do', () => {
    expect(createConfig({ admin: { host: '0.0.0.0', token: 'x' } }).admin.host).toBe('0.0.0.0');
  });

  it.each<[string, Start, string]>([
    [
      'a shared scope without members',
      { env: { REFRAIN_SCOPE_SHARED: 'team' } },
      'REFRAIN_SCOPE_SHARED is "team" and nobody is a member of it; ' +
        'set REFRAIN_SCOPE_MEMBERS to sha256:DIGEST of each credential, or to * for every caller',
    ],
    [
      'members without a shared scope',
      { argv: ['--scope-members', '*'] },
      '--scope-members is set and there is no scope to be a member of; set REFRAIN_SCOPE_SHARED to its name',
    ],
    [
      'a secret and a file of one',
      { argv: ['--secret-file', '/run/secrets/refrain'], env: { REFRAIN_SECRET: DIGITS } },
      'REFRAIN_SECRET and --secret-file both give a secret; drop REFRAIN_SECRET, and keep it in the file alone',
    ],
    [
      'encryption by a secret that lies beside the store',
      { env: { REFRAIN_STORE_ENCRYPT: 'secret' } },
      'REFRAIN_STORE_ENCRYPT is "secret", and the secret would lie beside what it encrypts; ' +
        'set REFRAIN_SECRET_FILE to a file elsewhere, or REFRAIN_SECRET to its digits',
    ],
  ])('%s', (_, start, message) => {
    expect(refusal(start)).toBe(message);
  });

  const inFolder = (file: string) =>
    `--store-encrypt is "secret", and the secret is in ${file}, in the folder of what it encrypts; ` +
    'move it elsewhere, or the store by REFRAIN_STORE_PATH';
  const ENCRYPT = ['--store-encrypt', 'secret'] as const;

  it.each<[string, readonly string[], string]>([
    ['beside the store', ['--secret-file', '.refrain/key'], '.refrain/key'],
    ['in a folder beside the store', ['--secret-file=.refrain/keys/mine/key'], '.refrain/keys/mine/key'],
    ['in the settings beside the store', ['--config', '.refrain/my.json'], '.refrain/my.json'],
    ['in a link that leads there', ['--secret-file', 'link/key'], 'link/key'],
  ])('encryption by a secret %s', (_, argv, file) => {
    const input = createProcessInput({ argv: [...ENCRYPT, ...argv] });
    const place = join(input.cwd, '.refrain');
    mkdirSync(place);
    symlinkSync(place, join(input.cwd, 'link'));
    writeFileSync(join(place, 'my.json'), JSON.stringify({ secret: DIGITS }));
    expect(refusalOf(() => loadConfig(input))).toBe(inFolder(join(input.cwd, file)));
  });

  it('encryption by a secret in .env, where the store is beside that', () => {
    const start = { argv: [...ENCRYPT], files: { '.env': `REFRAIN_SECRET=${DIGITS}` } };
    expect(loadConfig(createProcessInput(start)).store.encrypt).toBe('secret');
    const input = createProcessInput({ ...start, argv: [...ENCRYPT, '--store-path', 'cache.sqlite'] });
    expect(refusalOf(() => loadConfig(input))).toBe(
      inFolder(join(input.cwd, '.env')).replace('REFRAIN_STORE_PATH', '--store-path'),
    );
  });

  it.each<[string, Start]>([
    ['in a variable', { argv: [...ENCRYPT], env: { REFRAIN_SECRET: DIGITS } }],
    ['in a file elsewhere', { argv: [...ENCRYPT, '--secret-file', 'key'] }],
    ['in a folder that is called nearly so', { argv: [...ENCRYPT, '--secret-file', '.refrain-keys/key'] }],
    ['anywhere where no file is kept', { argv: [...ENCRYPT, '--secret-file', 'key', '--store-path', 'off'] }],
  ])('a secret %s encrypts', (_, start) => {
    expect(loadConfig(createProcessInput(start)).store.encrypt).toBe('secret');
  });
});
