import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { EventLines } from '../../src/dashboard/api/event-lines.ts';
import { asGiven, comparedBody } from '../../src/dashboard/compare/compared-body.ts';
import { bodyToAsk, jsonOf } from '../../src/dashboard/entry/asked-body.ts';
import { addressOf, curlOf } from '../../src/dashboard/entry/curl.ts';
import {
  formatAge,
  formatBytes,
  formatChange,
  formatDollars,
  formatMs,
  formatPoints,
  formatSeconds,
  formatTime,
  UNKNOWN,
} from '../../src/dashboard/format.ts';
import { explainReason } from '../../src/dashboard/outcomes.ts';
import { knownDollars } from '../../src/dashboard/overview/known-dollars.ts';

const FOLDER = new URL('../../src/dashboard/', import.meta.url);

test('no markup is made from a string anywhere in the page', () => {
  const names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(tsx?|html)$/.test(name),
  );
  expect(names.length).toBeGreaterThan(40);
  const sinks = [
    'innerHTML',
    'outerHTML',
    'insertAdjacentHTML',
    'document.write',
    'createContextualFragment',
    'DOMParser',
  ];
  const others = ['eval(', 'new Function', 'srcdoc', 'javascript:', 'dangerouslySet'];
  const isRisky = (text: string) => [...sinks, ...others].some((word) => text.includes(word));
  expect(names.filter((name) => isRisky(readFileSync(new URL(name, FOLDER), 'utf8')))).toEqual([]);
});

describe('numbers', () => {
  test('that are not known are no zeros', () => {
    for (const format of [formatDollars, formatBytes, formatMs, formatSeconds]) {
      expect([format(null), format(undefined), format(Number.NaN)]).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
    }
    expect(formatDollars(0)).toContain('0.00');
  });

  test('that are no time are not known, and throw nothing', () => {
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1]) {
      expect([formatTime(time), formatAge(time, 0)], String(time)).toEqual([UNKNOWN, UNKNOWN]);
    }
  });

  test('of what has no price are not known, on the side that has none', () => {
    const line = (saved: number, spent: number, unpricedSaved: number, unpricedSpent: number) => ({
      dollars: { saved, spent },
      unpricedTokens: { saved: unpricedSaved, spent: unpricedSpent },
    });
    const both = (one: ReturnType<typeof line>) => [knownDollars(one, 'saved'), knownDollars(one, 'spent')];
    expect(both(line(0, 2, 500, 0))).toEqual([null, 2]);
    expect(both(line(3, 0, 0, 500))).toEqual([3, null]);
    expect(both(line(0, 0, 0, 500))).toEqual([null, null]);
    expect(both(line(0, 2, 0, 500))).toEqual([0, 2]);
    expect(both(line(0, 0, 0, 0))).toEqual([0, 0]);
  });

  test('have as many digits as say something', () => {
    expect([1234.5, 12.345, 0.0345, 0.000012].map(formatDollars)).toEqual(['$1,235', '$12.35', '$0.035', '$0.000012']);
    expect([0, 1023, 1024, 5.5 * 1024 ** 2].map(formatBytes)).toEqual(['0 B', '1,023 B', '1 KiB', '5.5 MiB']);
    expect([0.25, 42, 1_500].map(formatMs)).toEqual(['0.3 ms', '42 ms', '1.5 s']);
    expect([59, 6_000, 7_200, 400_000].map(formatSeconds)).toEqual(['59 s', '1.7 h', '2 h', '4.6 d']);
  });

  test('are held against those before, where that says something', () => {
    expect([formatChange(5, 0), formatChange(null, 4), formatChange(5, 5)]).toEqual([null, null, 'the same as']);
    expect([formatChange(5, 4), formatChange(3, 4), formatChange(9, 4)]).toEqual([
      '25% more than',
      '25% less than',
      '2.3 times',
    ]);
    expect([formatPoints(0.8, 0.7), formatPoints(0.5, null)]).toEqual(['10 points more than', null]);
  });
});

describe('curl', () => {
  const request = {
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers: { 'openai-beta': "it's" },
    body: `{"a":"'$(touch x)\`\\\\"}`,
  };

  test('asks for the same, whatever a shell might make of it', () => {
    const command = curlOf(request, 'json', { host: '127.0.0.1', port: 4747, tls: false }, 'x').replace(
      /^curl/,
      'printf "%s\\n"',
    );
    const said = execFileSync('sh', ['-c', command], {
      env: { OPENAI_API_KEY: 'k', PATH: process.env['PATH'] },
    }).toString();
    expect(said.split('\n')).toEqual([
      'http://127.0.0.1:4747/v1/chat/completions',
      '-H',
      'authorization: Bearer k',
      '-H',
      'content-type: application/json',
      '-H',
      "openai-beta: it's",
      '--data-binary',
      request.body,
      '',
    ]);
  });

  test('names the machine of the page where the proxy listens everywhere', () => {
    expect(addressOf({ host: '0.0.0.0', port: 1, tls: false }, 'box')).toBe('http://box:1');
    expect(addressOf({ host: '::1', port: 1, tls: true }, 'box')).toBe('https://[::1]:1');
    expect(addressOf(undefined, 'box')).toBe('http://127.0.0.1:4747');
  });
});

test('a body is asked for in the form that is kept', () => {
  expect(jsonOf('{"a":" stream= "} stream= stream_options=')).toBe('{"a":" stream= "}');
  expect(bodyToAsk('{"a":1.0}', 'json')).toBe('{"a":1.0}');
  expect(bodyToAsk('{"a":1.0}', 'sse')).toBe('{"stream":true,"a":1.0}');
  const options = '"stream_options":{"include_usage":true}';
  expect(bodyToAsk('{"a":1} stream=true stream_options=', 'sse+usage')).toBe(`{"stream":true,${options},"a":1}`);
  expect(bodyToAsk('not JSON', 'sse')).toBe('not JSON');
});

describe('two texts to compare', () => {
  const key = '0123456789abcdef';
  const body = '{"model":"m","messages":[],"seed":9007199254740993}';

  test('are keys or requests', () => {
    expect(comparedBody(key, ` ${key} `)).toEqual({ keys: [key, key] });
    expect(comparedBody(key, body)).toEqual({ key, a: { path: '/v1/chat/completions', body } });
    expect(comparedBody(body, key)).toEqual({ key, a: { path: '/v1/chat/completions', body } });
    expect(comparedBody('{"body":{},"path":"/x"}', body)).toMatchObject({ a: { body: {}, path: '/x' } });
    expect(comparedBody('{"model":"e-embed","input":"x"}', body)).toMatchObject({ a: { path: '/v1/embeddings' } });
  });

  test('keep their sides, whichever is the key', () => {
    const side = (name: string) => ({ key: name });
    const differences = [{ pointer: '/seed', a: '1', b: '2' }];
    const answer = { same: false, first: '/seed', differences, a: side('pasted'), b: side('kept') };
    expect(asGiven(answer, body, { a: {}, key })).toBe(answer);
    expect(asGiven(answer, key, { keys: [key, key] })).toBe(answer);
    const given = asGiven(answer, key, { a: {}, key });
    expect([given.a, given.b, given.differences]).toEqual([
      side('kept'),
      side('pasted'),
      [{ pointer: '/seed', a: '2', b: '1' }],
    ]);
  });

  test('are said to be neither', () => {
    expect(comparedBody('hello', body)).toContain('Request A');
    expect(comparedBody(body, '[1]')).toContain('Request B');
  });
});

test('events are told apart wherever their stream is cut', () => {
  const stream = 'data: {"a":1}\n\n:\n\ndata: {"b":"ü"}\n\n';
  for (let cut = 0; cut <= stream.length; cut++) {
    const lines = new EventLines();
    expect([...lines.add(stream.slice(0, cut)), ...lines.add(stream.slice(cut))]).toEqual(['{"a":1}', '{"b":"ü"}']);
  }
});

test('a reason that is none is explained by nothing, whatever it is called', () => {
  for (const reason of ['__proto__', 'constructor', 'toString', '']) expect(explainReason(reason), reason).toBe('');
  expect([explainReason('new'), explainReason('revoked')]).toEqual([
    'never seen, evicted or purged',
    'the upstream refused the credential',
  ]);
});
