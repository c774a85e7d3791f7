import { expect, test } from 'vitest';
import { showsCredential } from '../../src/request/asked.ts';

test.each(['cookie', 'x-goog-api-key', 'x-apikey', 'ocp-apim-subscription-key', 'x-auth-token', 'helicone-auth', 'cf-aig-authorization', 'x-amz-security-token', 'x-portkey-virtual-key', 'x-client-secret'])(
  'a request with a header %s shows a credential', (name) => expect(showsCredential({ path: '/v1', [`header:${name}`]: 'x' })).toBe(true),
);

test.each(['key=x', 'alt=json&api_key=x', 'api-key=x', 'apikey=x', 'access_token=x', 'sig=x', '%6Bey=x', 'KEY=x'])('a request with the query %s shows a credential', (query) => {
  expect(showsCredential({ path: '/v1', query })).toBe(true);
});

test.each(['api-version=2024-10-21', 'alt=json', 'monkey=x', 'keys=x', 'author=x', ''])('a request with the query %s shows none', (query) => {
  expect(showsCredential({ path: '/v1/key', variant: 'token', body: 'json:{"key":1}', query, 'header:openai-beta': 'key', 'header:x-max-tokens': '1', 'header:content-type': 'a/b' })).toBe(false);
});
