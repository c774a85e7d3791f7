import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { secretIn, secretUnderName } from '../../src/cassette/secret-shapes.ts';
import { findSecret } from '../../src/cassette/secrets.ts';
import { chatStream, exchangeOf } from './exchanges.ts';

/** Made up, and put together here so that no scanner of repositories takes one for a leak. */
const SECRETS: Readonly<Record<string, string>> = {
  'of OpenAI': `sk-${'proj-'}aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bD1fH3`,
  'of OpenAI, old': `sk-${'q8Zr2LmX0vTnB4KcY6WdT3BlbkFJ'}a1S2d3F4g5H6j7K8`,
  'of DeepSeek': `sk-${'0a1b2c3d4e5f60718293a4b5c6d7e8f9'}`,
  'of Anthropic': `sk-${'ant-'}api03-Zx8Qw3Er5Ty7Ui9Op1As2Df4Gh6Jk8Lz-Ab`,
  'of AWS': `AKIA${'Z5QX7WJ4KD2MNVRB'}`,
  'of Google': `AIza${'SyD4x9QmR7vK2pW8nL3bT6cF1gH5jY0aE-s'}`,
  'of GitHub': `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`,
  'of Slack': `xoxb-${'2093847561029-Jd83hFk29sLq7Zx0Vb4n'}`,
  'of Groq': `gsk_${'Wq8Er2Ty4Ui6Op0As1Df3Gh5Jk7Lz9Xc2Vb4Nm6Qw8E'}`,
  'a JSON Web Token':
    `eyJ${'hbGciOiJIUzI1NiJ9'}.eyJ${'zdWIiOiIxMjM0NTY3ODkwIn0'}.` + 'SflKxwRJSMeKKF2QT4fwpMeJf36POk6y',
  'a private key': `-----BEGIN ${'RSA PRIVATE'} KEY-----\nMIIEpAIBAAKCAQEA7bq8Zx2Qw9Er5Ty1Ui3Op7As6Df4Gh\n-----END`,
  'a bearer token': `Authorization: Bearer ${'q8Zr2LmX0vTnB4KcY6Wd'}`,
  'of a shell': `AWS_SECRET_ACCESS_KEY=${'wJ8rXt2FnE5Mk7Db0Gx9RfiCYq4zLpQ3vHs6Tu1A'}`,
  'a password in code': `{'password': '${'hunter2!'}'}`,
};

/** Texts of prompts, answers and code in which there is none. */
const HARMLESS: readonly string[] = [
  '"max_tokens": 5, "total_tokens": 1234567890123456789',
  'resp_68a1f2c3d4e5f60718293a4b5c6d7e8f9 call_abcDEF1234567890abcdEFGH msg_01XFDUDYJgAACzvnptvVoYEL',
  'chatcmpl-BxYz1234567890abcdefghijklmno fp_44709d6fcb file-abc123DEF456ghi789JKL012',
  'sk-test, sk-…, sk-your-api-key-here, sk-xxxxxxxxxxxxxxxxxxxxxxxx, sk-1234567890abcdef1234567890',
  'task-force-management-and-risk-assessment-2024, sk-loading-spinner-container-inner-element',
  'api_key = os.environ["OPENAI_API_KEY"]; apiKey: process.env.OPENAI_API_KEY; password: "${DB_PASSWORD}"',
  'Authorization: Bearer YOUR_API_KEY_GOES_HERE_12345, Authorization: Bearer <token>, Bearer $TOKEN',
  '"password": "string", "secret": "<secret>", token: "{{token}}", "api_key": "********"',
  'AKIAIOSFODNN7EXAMPLE is the key that the documentation of AWS shows',
  'A key begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----, says the standard.',
  'The password must have at least 8 characters, a digit and a mark. key: value; token = 5',
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kg==',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 0123456789abcdef0123456789abcdef',
];

describe('a text', () => {
  test.each(Object.entries(SECRETS))('with a secret %s has one', (_, secret) => {
    for (const text of [secret, `before ${secret} after`, `a line\n${secret}\nanother`, `("${secret}")`]) {
      expect(secretIn(text), text).not.toBeNull();
    }
  });

  test.each(HARMLESS)('has none: %s', (text) => {
    expect(secretIn(text)).toBeNull();
  });
});

describe('a member', () => {
  test.each([
    ['api_key', 'aB3dE5gH7j'],
    ['apiKey', 'aB3dE5gH7j'],
    ['password', 'hunter2'],
    ['password', 'correcthorse'],
    ['db-password', 'pa55word'],
    ['client_secret', 'x9-Qw_83'],
    ['Authorization', 'Basic dXNlcjpwYTU1'],
    ['token', 'q8Zr2LmX0vTnB4KcY6Wd'],
    ['refresh_token', 'r-1/9aBcDeF'],
  ])('%s of %s is a secret', (name, value) => {
    expect(secretUnderName(name, value)).not.toBeNull();
  });

  test.each([
    ['token', ' hello'],
    ['token', 'unbelievable'],
    ['next_page_token', 'page-2'],
    ['password', ''],
    ['password', 'string'],
    ['password', 'The password of the user'],
    ['api_key', 'sk-test'],
    ['api_key', 'YOUR_API_KEY'],
    ['api_key', '${OPENAI_API_KEY}'],
    ['api_key', '<token>'],
    ['credentials', 'same-origin'],
    ['key', 'aB3dE5gH7jK9mN1p'],
    ['max_tokens', 'aB3dE5gH7jK9mN1p'],
  ])('%s of %s is none', (name, value) => {
    expect(secretUnderName(name, value)).toBeNull();
  });
});

const KEY = SECRETS['of OpenAI'] as string;
const CALL = '/choices/0/message/tool_calls/0/function/arguments';
const AWS = SECRETS['of AWS'] as string;

describe('in an exchange', () => {
  test.each([
    ['a prompt', { asked: { messages: [{ content: `use ${KEY}` }] } }, 'request', '/messages/0/content'],
    ['escapes', { asked: `{"a":"\\u0073k-${KEY.slice(3)}"}` }, 'request', '/a'],
    ['the first of two equal names', { asked: `{"a":"${KEY}","a":"b"}` }, 'request', '/a'],
    ['a name', { asked: { [AWS]: 1 } }, 'request', '/*'],
    ['a tool argument', { answered: toolCall({ password: 'hunter2' }) }, 'answer', `${CALL}/password`],
    ['what is named as probabilities are', { asked: { logprobs: { password: 'hunter2' } } }, 'request', '/logprobs'],
    ['JSON in JSON in JSON', { answered: toolCall({ a: JSON.stringify({ b: AWS }) }) }, 'answer', CALL],
    ['an answer', { answered: { choices: [{ message: { content: AWS } }] } }, 'answer', '/choices/0/message/content'],
    ['a text that is no JSON', { answered: `key: ${AWS}`, type: 'text/plain' }, 'answer', 'body'],
    ['lines of JSON', { answered: `{"a":1}\n{"b":"${AWS}"}\n`, type: 'application/jsonl' }, 'answer', '/b'],
    ['a header', { answerHeaders: ['x-debug', AWS] }, 'answer', 'header x-debug'],
    ['a credential', { headers: { 'x-api-key': 'abc' } }, 'request', 'header x-api-key'],
    ['a query', { query: `a=1&key=${AWS}` }, 'request', 'query'],
    ['a path', { path: `/files/${AWS}` }, 'request', 'path'],
    ['an event of its own', { answered: `: ${AWS}\n\n`, type: 'text/event-stream' }, 'answer', 'body'],
  ])('it is found in %s', (_, parts, place, where) => {
    const found = findSecret(exchangeOf(parts));
    expect(found).toMatchObject({ in: place });
    expect(found?.where.startsWith(where), found?.where).toBe(true);
  });

  test('it is found in a body with a content coding, and none is ruled out that cannot be read', () => {
    const coded = (body: Buffer, coding: string) =>
      findSecret(exchangeOf({ answered: body, answerHeaders: ['content-encoding', coding] }));
    expect(coded(gzipSync(`{"a":"${AWS}"}`), 'gzip')).toMatchObject({ kind: 'a key of AWS', where: '/a' });
    expect(coded(gzipSync('{"a":"b"}'), 'gzip')).toBeNull();
    expect(coded(Buffer.from('{"a":"b"}'), 'gzip')).toMatchObject({ where: 'body' });
    expect(coded(Buffer.from('{"a":"b"}'), 'odd')).toMatchObject({ where: 'body' });
  });

  test('usage, ids and probabilities are none', () => {
    const answered = {
      id: 'chatcmpl-BxYz1234567890abcdefghijklmno',
      choices: [{ logprobs: { content: [{ token: 'abc1DEF2ghi3JKL4mno5', logprob: -1, bytes: null }] } }],
      usage: { total_tokens: 5, prompt_tokens: 3 },
    };
    expect(findSecret(exchangeOf({ asked: { max_tokens: 5, token: 5 }, answered }))).toBeNull();
    const chunks = ['aB3dE', '5gH7j', 'K9mN1', 'pQ2rS'].map((token) => ({
      choices: [{ index: 0, logprobs: { content: [{ token: 'a', top_logprobs: [{ token }] }] } }],
    }));
    const stream = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
    expect(findSecret(exchangeOf({ answered: stream, type: 'text/event-stream' }))).toBeNull();
  });

  test('what is found says not what it is', () => {
    for (const secret of Object.values(SECRETS)) {
      const found = findSecret(exchangeOf({ asked: { messages: [{ content: secret }] } }));
      expect(found).not.toBeNull();
      expect(JSON.stringify(found)).not.toContain(secret.slice(-12, -3));
    }
  });
});

describe('in a stream', () => {
  const stream = { type: 'text/event-stream' } as const;

  test('it is found wherever it is split, between events of another choice too', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: KEY.length + 9 }), { minLength: 1, maxLength: 6 });
    const property = fc.property(cuts, fc.boolean(), (at, mixed) => {
      const text = `Use ${KEY} now`;
      const places = [0, ...at.toSorted((a, b) => a - b), text.length];
      const pieces = places.slice(1).flatMap((end, from): [number, string][] => {
        const piece: [number, string] = [1, text.slice(places[from], end)];
        return mixed ? [piece, [0, 'other words']] : [piece];
      });
      return findSecret(exchangeOf({ answered: chatStream(pieces), ...stream })) !== null;
    });
    fc.assert(property, { numRuns: 200 });
  });

  const events = (...all: object[]) => all.map((data) => `event: x\ndata: ${JSON.stringify(data)}\n\n`).join('');
  const half = Math.floor(KEY.length / 2);
  const [first, second] = [KEY.slice(0, half), KEY.slice(half)];
  const toolDelta = (args: string) => ({
    choices: [{ delta: { tool_calls: [{ index: 2, function: { arguments: args } }] } }],
  });
  const anthropic = (index: number, text: object) => ({ type: 'content_block_delta', index, delta: text });
  const responses = (type: string, delta: string) => ({ type, item_id: 'i1', output_index: 1, delta });

  test.each([
    ['arguments', events(toolDelta(`{"k":"${first}`), toolDelta(`${second}"}`))],
    ['a password among arguments', events(toolDelta('{"pass'), toolDelta('word":"hun'), toolDelta('ter2"}'))],
    [
      'reasoning',
      events(...[first, second].map((text) => ({ choices: [{ index: 0, delta: { reasoning_content: text } }] }))),
    ],
    ['text of completions', events({ choices: [{ text: first }] }, { choices: [{ text: second }] })],
    ['Anthropic text', events(...[first, second].map((text) => anthropic(0, { type: 'text_delta', text })))],
    [
      'Anthropic thinking',
      events(...[first, second].map((text) => anthropic(0, { type: 'thinking_delta', thinking: text }))),
    ],
    [
      'Anthropic input',
      events(...[`{"secret":"${'x9-'}`, 'Qw_83"}'].map((text) => anthropic(1, { partial_json: text }))),
    ],
    [
      'Responses text',
      events(responses('response.output_text.delta', first), responses('response.output_text.delta', second)),
    ],
    [
      'Responses arguments',
      events(
        ...['{"api_key":"aB3d', 'E5gH7j"}'].map((text) => responses('response.function_call_arguments.delta', text)),
      ),
    ],
    ['one event of two lines of data', `data: {"a":\ndata: "${KEY}"}\n\n`],
    [
      'tokens',
      events(...[first, second].map((token) => ({ choices: [{ index: 0, logprobs: { content: [{ token }] } }] }))),
    ],
    [
      'lines that end with CR LF',
      chatStream([
        [0, first],
        [0, second],
      ]).replaceAll('\n', '\r\n'),
    ],
  ])('it is found in %s', (_, answered) => {
    expect(findSecret(exchangeOf({ answered, ...stream }))).not.toBeNull();
  });

  test('texts of two choices, or of two items, are not one', () => {
    const apart = events(anthropic(0, { text: first }), anthropic(1, { text: second }));
    expect(findSecret(exchangeOf({ answered: apart, ...stream }))).toBeNull();
    expect(
      findSecret(
        exchangeOf({
          answered: chatStream([
            [0, first],
            [1, second],
          ]),
          ...stream,
        }),
      ),
    ).toBeNull();
  });
});

describe('the search', () => {
  test.each(['sk-', 'a', 'eyJ', 'Bearer ', '-----BEGIN PRIVATE KEY-----', 'password="', 'AKIA', '_', '{"a":', '\\'])(
    'takes linear time over many of %s',
    (piece) => {
      const time = (length: number) => {
        const exchange = exchangeOf({ asked: { content: piece.repeat(Math.ceil(length / piece.length)) } });
        const start = performance.now();
        findSecret(exchange);
        return performance.now() - start;
      };
      expect(time(200_000)).toBeLessThan(1_000);
    },
  );
});

function toolCall(args: object): object {
  return { choices: [{ message: { tool_calls: [{ function: { name: 'f', arguments: JSON.stringify(args) } }] } }] };
}

describe('the place of a secret', () => {
  test.each(Object.entries(SECRETS).filter(([name]) => name.startsWith('of ') && name !== 'of a shell'))(
    'that is a name, %s, says nothing of it',
    (_, secret) => {
      for (const asked of [{ [secret]: 1 }, { [secret]: { password: 'hunter2!' } }, { [secret]: [secret] }]) {
        const found = findSecret(exchangeOf({ asked: JSON.stringify(asked) }));
        expect(found).not.toBeNull();
        expect(JSON.stringify(found)).not.toContain(secret);
      }
    },
  );
});
