import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createConfig } from '../../src/config/config.ts';
import { createProcessInput, loadConfig } from './process-input.ts';

describe('the default configuration', () => {
  it('is what the defaults spell', () => {
    const { cwd } = createProcessInput({});
    expect(createConfig({}, cwd)).toEqual({
      host: '127.0.0.1',
      port: 4747,
      admin: { host: '127.0.0.1', port: 4748, hosts: [], token: null },
      tls: { cert: null, key: null },
      upstream: 'https://api.openai.com/v1',
      upstreams: {},
      dialect: 'auto',
      doneMarker: 'auto',
      noStore: 'obey',
      forms: 'auto',
      memory: { bytes: 268_435_456 },
      store: { path: join(cwd, '.refrain/cache.sqlite'), bytes: 4_294_967_296, prompts: true, encrypt: 'off' },
      cassette: null,
      offline: false,
      record: 'new',
      recordErrors: false,
      redact: [],
      redactPattern: [],
      redis: null,
      secret: null,
      secretFile: null,
      workers: 1,
      ttl: 604_800,
      maxTtl: Infinity,
      stale: { revalidate: null, error: null, keep: 'auto' },
      maxEntryBytes: 5_242_880,
      maxKeyedBytes: 16_777_216,
      maxRequestBytes: 104_857_600,
      cache: 'all',
      samples: 1,
      pace: 'instant',
      items: 'on',
      sse: { noStore: 'obey' },
      bypass: ['default'],
      keep: ['length'],
      scope: { shared: null, members: [], headers: ['default'] },
      auth: { recheck: 3_600 },
      key: { ignore: ['default'], include: [] },
      onAbandon: 'abort',
      flight: { takeoverAfter: 600 },
      heartbeat: null,
      limits: { flights: 4096, listeners: 20_000, bytes: 536_870_912, requestBytes: 268_435_456 },
      timeouts: { connect: 10, firstByte: 1800, idle: 1800, drain: 30 },
      logLevel: 'info',
      logFormat: 'auto',
      isUserStore: false,
      proxy: { http: null, https: null, no: null },
      unknownVariables: [],
      formerNames: [],
    });
  });

  it('is what a start with nothing given has', () => {
    const input = createProcessInput({});
    expect(loadConfig(input)).toEqual(createConfig({}, input.cwd));
  });
});

describe('a configuration for a test', () => {
  it('takes values as a configuration holds them', () => {
    const overrides = {
      ttl: Infinity,
      store: { path: null },
      auth: { recheck: 3_600 },
      key: { ignore: [] },
      timeouts: { idle: 0.05 },
      upstreams: { local: { url: 'http://localhost:1' } },
      proxy: { http: 'http://proxy:1' },
    };
    expect(createConfig(overrides)).toMatchObject(overrides);
  });

  it('keeps the rest of a group', () => {
    expect(createConfig({ timeouts: { idle: 1 } }).timeouts).toEqual({
      connect: 10,
      firstByte: 1800,
      idle: 1,
      drain: 30,
    });
  });

  it('accepts the settings of another', () => {
    const { isUserStore, unknownVariables, formerNames, ...first } = createConfig({
      port: 0,
      scope: { shared: 'x', members: ['*'] },
    });
    expect(createConfig(first)).toEqual({ ...first, isUserStore, unknownVariables, formerNames });
  });
});

describe('what is kept', () => {
  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['answers at their limit', [], ['length']],
    ['what is listed', ['--keep', 'empty,content-filter'], ['empty', 'content-filter']],
    ['nothing', ['--keep', 'none'], []],
    ['incomplete responses, by the former setting', ['--incomplete', 'keep'], ['length', 'incomplete']],
    ['what is listed, before the former setting', ['--incomplete', 'keep', '--keep', 'length'], ['length']],
  ])('%s', (_, argv, keep) => {
    expect(loadConfig(createProcessInput({ argv })).keep).toEqual(keep);
  });
});

describe('what is made of the values', () => {
  it.each([
    ['off', null],
    ['/abs/x.sqlite', '/abs/x.sqlite'],
    ['x.sqlite', 'CWD/x.sqlite'],
  ])('store.path %s', (text, path) => {
    const input = createProcessInput({ argv: ['--store-path', text] });
    expect(loadConfig(input).store.path).toBe(path?.replace('CWD', input.cwd) ?? null);
  });

  it.each([
    ['1d', 86_400],
    ['30d', 604_800],
    ['0', 0],
  ])('ttl is not above a maxTtl of %s', (maxTtl, ttl) => {
    expect(loadConfig(createProcessInput({ env: { REFRAIN_MAX_TTL: maxTtl } })).ttl).toBe(ttl);
  });

  it.each([
    ['none', []],
    ['default', ['default']],
    ['/a~1b/0 , header:X-A', ['/a~1b/0', 'header:x-a']],
  ])('key.ignore %s', (text, ignore) => {
    expect(loadConfig(createProcessInput({ env: { REFRAIN_KEY_IGNORE: text } })).key.ignore).toEqual(ignore);
  });
});

it('is frozen to its leaves', () => {
  const config = loadConfig(
    createProcessInput({
      env: { REFRAIN_UNKNOWN: 'x', REFRAIN_SCOPE_SHARED: 'x', REFRAIN_SCOPE_MEMBERS: '*' },
      argv: ['--config', 'my.json'],
      files: { 'my.json': '{"upstreams":{"groq":"https://api.groq.com"}}' },
    }),
  );
  expect(listLoose(config, 'config')).toEqual([]);
});

function listLoose(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, each]) => listLoose(each, `${path}.${key}`));
  return Object.isFrozen(value) ? inner : [path, ...inner];
}
