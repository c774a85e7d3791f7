/**
 * The options of a cached fetch, which are settings of the table.
 */
import { existsSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { createCachedFetch } from '../../src/fetch/cached-fetch.ts';
import type { CachedFetchOptions } from '../../src/fetch/options.ts';
import { readOptions } from '../../src/fetch/read-options.ts';

describe('options', () => {
  test('are settings as the JSON file has them', () => {
    const { config } = readOptions({
      baseURL: new URL('https://api.example.test/v1/'),
      upstreams: {
        local: 'http://127.0.0.1:8000/v1',
        groq: { url: 'https://api.groq.com/openai/v1', noStore: 'ignore' },
      },
      memory: { bytes: '64MiB' },
      store: { path: 'off', bytes: 1_000_000 },
      ttl: 'inf',
      maxTtl: '7d',
      keep: ['length'],
      key: { ignore: ['default', '/metadata'] },
      flight: { takeoverAfter: '5m' },
      auth: { recheck: 'off' },
    });
    expect(config).toMatchObject({
      upstream: 'https://api.example.test/v1',
      upstreams: { local: { url: 'http://127.0.0.1:8000/v1' }, groq: { noStore: 'ignore' } },
      memory: { bytes: 64 * 2 ** 20 },
      store: { path: null, bytes: 1_000_000 },
      ttl: 7 * 86_400,
      flight: { takeoverAfter: 300 },
      auth: { recheck: null },
    });
  });

  test('that are undefined are not given', () => {
    const none = { baseURL: undefined, upstreams: undefined, fetch: undefined, ttl: undefined, store: undefined };
    const { config, isStandardKept } = readOptions({ ...none, memory: { bytes: undefined } });
    expect(config).toEqual(readOptions({}).config);
    expect(config).toMatchObject({ upstream: 'https://api.openai.com/v1', store: { path: null } });
    expect(isStandardKept).toBe(true);
  });

  const refused: readonly (readonly [object, string])[] = [
    [{ baseURL: 'api.example.test' }, 'baseURL is "api.example.test"; it may be'],
    [{ baseURL: 'https://api.example.test/v1/chat/completions' }, 'without the path of an endpoint'],
    [{ memory: { bytes: 'much' } }, 'memory.bytes is "much"; it may be'],
    [{ memory: 'much' }, 'memory is "much"; it may be an object'],
    [{ store: './cache.sqlite' }, 'store is "./cache.sqlite"; it may be an object'],
    [{ upstreams: { v1: 'https://api.example.test' } }, 'upstreams.v1 is not a usable name'],
    [{ timeToLive: '7d' }, 'timeToLive is not a setting'],
    [{ scope: { shared: 'team' } }, 'nobody is a member of it'],
    [{ redis: ['redis://127.0.0.1:6379'] }, 'redis is for proxies: run one'],
  ];
  for (const [options, why] of refused) {
    test(`are refused at once, by name: ${JSON.stringify(options)}`, () => {
      expect(() => createCachedFetch(options as CachedFetchOptions)).toThrow(why);
    });
  }

  test('of listeners count for nothing, so that an upstream may be a proxy on this machine', () => {
    const given = { host: '127.0.0.1', port: 4747, baseURL: 'http://127.0.0.1:4747/v1' } as CachedFetchOptions;
    expect(readOptions(given).config.upstream).toBe('http://127.0.0.1:4747/v1');
  });
});

describe('a cached fetch', () => {
  test('reads no variable of the environment, and makes no file', async () => {
    vi.stubEnv('REFRAIN_UPSTREAM', 'no URL');
    vi.stubEnv('REFRAIN_STORE_PATH', '/nowhere/cache.sqlite');
    const had = existsSync('.refrain');
    try {
      const cached = createCachedFetch();
      expect(cached.cache.info()).toMatchObject({ entries: 0 });
      await cached.close();
    } finally {
      vi.unstubAllEnvs();
    }
    expect(existsSync('.refrain')).toBe(had);
  });
});
