/**
 * A kept request as a command of curl, where curl itself reads more in a word than stands there.
 */
import { expect, test } from 'vitest';
import { curlFor } from '../../src/cli/curl.ts';

test('curl takes the brackets of a query as they are', () => {
  const request = { method: 'POST', path: '/v1/responses', query: 'include[]=a&x={b,c}', headers: {}, body: '{}' };
  const { command } = curlFor(request, 'http://127.0.0.1:1');
  expect(command).toMatch(/^curl -gsS 'http:\/\/127\.0\.0\.1:1\/v1\/responses\?include\[\]=a&x=\{b,c\}'/);
});

test('curl sends a header without a value, too', () => {
  const request = { method: 'POST', path: '/v1/x', query: '', headers: { 'x-empty': '', 'x-a': '1' }, body: '{}' };
  const { command } = curlFor(request, 'http://127.0.0.1:1');
  expect(command).toContain(`-H 'x-empty;' \\\n  -H 'x-a: 1'`);
});
