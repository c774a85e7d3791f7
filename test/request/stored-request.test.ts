import { expect, test } from 'vitest';
import { showsCredential } from '../../src/request/stored-request.ts';
import { isConfidential } from '../../src/request/confidential.ts';

test.each([
  'cookie',
  'x-goog-api-key',
  'x-apikey',
  'ocp-apim-subscription-key',
  'x-auth-token',
  'helicone-auth',
  'cf-aig-authorization',
  'x-amz-security-token',
  'x-portkey-virtual-key',
  'x-client-secret',
  'x-jwt-assertion',
  'x-forwarded-user',
  'x-tenant-id',
  'x-org',
  'x-account-id',
  'x-user-email',
  'session-id',
  'x-thread-id',
  'x-conversation-id',
  'x-apigateway-api-userinfo',
  'x-consumer-username',
  'x-authenticated-userid',
])('the value of a header %s is kept nowhere', (name) => expect(isConfidential(name)).toBe(true));

test.each([
  'openai-beta',
  'anthropic-version',
  'x-max-tokens',
  'x-keyboard',
  'x-author',
  'content-type',
  'x-monkey',
  'x-organic',
  'x-lab',
])('the value of a header %s is no secret', (name) => expect(isConfidential(name)).toBe(false));

test.each(['key=x', 'alt=json&api_key=x', 'api-key=x', 'apikey=x', 'access_token=x', 'sig=x', '%6Bey=x', 'KEY=x'])(
  'a request with the query %s shows a credential',
  (query) => {
    expect(showsCredential({ path: '/v1', query })).toBe(true);
  },
);

test.each(['api-version=2024-10-21', 'alt=json', 'monkey=x', 'keys=x', 'author=x', ''])(
  'a request with the query %s shows none',
  (query) => {
    expect(
      showsCredential({
        path: '/v1/key',
        variant: 'token',
        body: 'json:{"key":1}',
        query,
        'header:cookie': 'digest:1',
      }),
    ).toBe(false);
  },
);
