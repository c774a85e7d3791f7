/**
 * The URLs that lead back to the proxy which is to ask them.
 */
import { hostname, networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createConfig } from '../../src/config/config.ts';
import { leadsTo } from '../../src/config/own-listener.ts';
import { ConfigError } from '../../src/errors.ts';
import { createProcessInput, loadConfig, type Start } from './process-input.ts';

const ADDRESSES = Object.values(networkInterfaces()).flatMap((some = []) =>
  some.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
);
const NOT_IT = 'set it to the API that is to be asked, or';

function refusal(start: Start): string {
  try {
    loadConfig(createProcessInput(start));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  throw new Error('nothing was refused');
}

describe('a URL leads to a listener', () => {
  it.each<readonly [string, string]>([
    ['127.0.0.1', 'http://127.0.0.1:4747/v1'],
    ['127.0.0.1', 'http://localhost:4747/v1'],
    ['127.0.0.1', 'http://LOCALHOST.:4747'],
    ['127.0.0.1', 'http://0.0.0.0:4747'],
    ['127.0.0.1', 'http://127.1:4747'],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]:4747'],
    ['127.0.0.1', 'https://127.0.0.1:4747'],
    ['127.0.0.1', 'http://api.localhost:4747'],
    ['127.0.0.1', 'http://2130706433:4747'],
    ['localhost', 'http://127.0.0.1:4747'],
    ['localhost', 'http://[::1]:4747'],
    ['LocalHost', 'http://localhost:4747'],
    ['::1', 'http://[::1]:4747'],
    ['::1', 'http://[0:0:0:0:0:0:0:1]:4747'],
    ['::1', 'http://localhost:4747'],
    ['::', 'http://127.0.0.1:4747'],
    ['0.0.0.0', 'http://127.9.8.7:4747'],
    ['0.0.0.0', `http://${hostname()}:4747`],
    ['::', 'http://[::1]:4747'],
    ['gateway.lan', 'http://Gateway.LAN:4747/x'],
    ...ADDRESSES.map((address) => ['0.0.0.0', `http://${address}:4747`] as const),
  ])('on %s: %s', (host, url) => {
    expect(leadsTo(url, { host, port: 4747 })).toBe(true);
  });

  it('on the port that its scheme has', () => {
    expect(leadsTo('http://localhost', { host: '127.0.0.1', port: 80 })).toBe(true);
    expect(leadsTo('https://localhost', { host: '127.0.0.1', port: 443 })).toBe(true);
    expect(leadsTo('https://localhost', { host: '127.0.0.1', port: 80 })).toBe(false);
  });

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:4749'],
    ['127.0.0.1', 'http://127.0.0.2:4747'],
    ['127.0.0.1', 'http://[::1]:4747'],
    ['127.0.0.1', 'http://localhost.example.com:4747'],
    ['127.0.0.1', 'http://notlocalhost:4747'],
    ['0.0.0.0', 'http://api.example.com:4747'],
    ['0.0.0.0', 'http://192.0.2.1:4747'],
    ['gateway.lan', 'http://other.lan:4747'],
  ])('but not on %s: %s', (host, url) => {
    expect(leadsTo(url, { host, port: 4747 })).toBe(false);
  });

  it('but not where the port is yet to be found', () => {
    expect(createConfig({ port: 0, upstream: 'http://127.0.0.1:1/v1' }).port).toBe(0);
    expect(leadsTo('http://127.0.0.1:0', { host: '127.0.0.1', port: 0 })).toBe(false);
  });
});

describe('the start is refused', () => {
  it('where an upstream is the proxy itself', () => {
    expect(refusal({ env: { REFRAIN_UPSTREAM: 'http://localhost:4747/v1' } })).toBe(
      `REFRAIN_UPSTREAM is "http://localhost:4747/v1", where Refrain itself listens; ` +
        `${NOT_IT} REFRAIN_PORT to another port`,
    );
    expect(refusal({ argv: ['--port', '9000', '--upstream', 'http://127.0.0.1:9000'] })).toBe(
      `--upstream is "http://127.0.0.1:9000", where Refrain itself listens; ${NOT_IT} --port to another port`,
    );
  });

  it('where a named one is, or leads to the admin listener', () => {
    const file = (upstreams: object) => ({
      argv: ['--config', 'my.json'],
      files: { 'my.json': JSON.stringify({ upstreams }) },
    });
    expect(refusal(file({ a: 'https://api.example.com', self: { url: 'http://[::ffff:7f00:1]:4747/v1' } }))).toBe(
      `upstreams.self in my.json is "http://[::ffff:7f00:1]:4747/v1", where Refrain itself listens; ` +
        `${NOT_IT} REFRAIN_PORT to another port`,
    );
    expect(refusal(file({ admin: 'http://localhost:4748' }))).toBe(
      `upstreams.admin in my.json is "http://localhost:4748", where Refrain itself listens; ` +
        `${NOT_IT} REFRAIN_ADMIN_PORT to another port`,
    );
  });
});
