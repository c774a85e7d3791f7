import { expect, test } from 'vitest';
import { createConfig } from '../../src/config/config.ts';
import { banner } from '../../src/console/banner.ts';

const addresses = { api: 'http://127.0.0.1:1', admin: 'http://127.0.0.1:2' };
const linesOf = (settings: Parameters<typeof createConfig>[0]) =>
  banner({ config: createConfig(settings), addresses, tiers: [] }, (_style, text) => text);

test('names the cassette where there is one, and no upstream where none is asked', () => {
  const lines = linesOf({ cassette: '/tests/llm.cassette', offline: true });
  expect(lines).toMatch(/^ {2}cassette +\/tests\/llm\.cassette$/m);
  expect(lines).toMatch(/^ {2}upstream +none: it is offline/m);
  expect(lines).not.toContain('gone when it stops');
  expect(linesOf({ upstream: 'http://up.example/v1' })).toMatch(/^ {2}upstream +http:\/\/up\.example\/v1$/m);
});
