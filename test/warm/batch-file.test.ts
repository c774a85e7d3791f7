import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BatchFile } from '../../src/warm/batch-file.ts';
import type { BatchRequest } from '../../src/warm/batch-request.ts';
import { jsonLines } from '../../src/warm/json-lines.ts';

function fileOf(content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-warm-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'requests.jsonl');
  writeFileSync(path, content);
  return path;
}

const lineOf = (id: string, body = '{"model":"m"}') =>
  `{"custom_id":"${id}","method":"POST","url":"/v1/chat/completions","body":${body}}`;

async function requestsIn(content: string | Buffer): Promise<BatchRequest[]> {
  const batch = new BatchFile(fileOf(content), 1_000_000);
  await batch.check();
  const requests: BatchRequest[] = [];
  for await (const request of batch.requests()) requests.push(request);
  return requests;
}

describe('lines', () => {
  test('end with LF alone, wherever a chunk of the file ends', async () => {
    const long = 'x'.repeat(200_000);
    const lines: (string | null)[] = [];
    for await (const { number, bytes, isEnded } of jsonLines(
      fileOf(`a\u2028b\r\n\n${long}\n \t\nü${long}\nend`),
      250_000,
    )) {
      lines.push(`${number} ${isEnded} ${bytes?.toString().replaceAll('x', '')}`);
    }
    expect(lines).toEqual(['1 true a\u2028b\r', '3 true ', '5 true ü', '6 false end']);
  });

  test('that are too long are not held', async () => {
    const lines: unknown[] = [];
    for await (const { number, bytes } of jsonLines(fileOf(`${'x'.repeat(100_000)}\nab\n`), 10))
      lines.push([number, bytes]);
    expect(lines).toEqual([
      [1, null],
      [2, Buffer.from('ab')],
    ]);
  });
});

describe('a file of requests', () => {
  test('has the bodies as they are written', async () => {
    const odd = '{ "b": 1e-05, "a": 0.10, "n": 12345678901234567890, "t": "\u2028 \\u00e9 é", "2": 1, "1": 2 }';
    expect(await requestsIn(`\ufeff${lineOf('a', odd)}\r\n\n${lineOf('b')}`)).toEqual([
      { line: 1, customId: 'a', url: '/v1/chat/completions', body: odd },
      { line: 3, customId: 'b', url: '/v1/chat/completions', body: '{"model":"m"}' },
    ]);
  });

  test.each<[string, string | Buffer, RegExp]>([
    ['not JSON', 'nonsense', /line 1 is no JSON object/],
    ['two values', `${lineOf('a')} {}`, /line 1 is no JSON object/],
    ['a list', '[]', /line 1 is no JSON object/],
    ['no id', `${lineOf('a')}\n\n${lineOf('')}`, /line 3 has no custom_id/],
    ['an id that is a number', lineOf('a').replace('"a"', '7'), /line 1 has no custom_id/],
    ['an id twice', `${lineOf('a')}\n${lineOf('b')}\n${lineOf('a')}`, /line 3 has the custom_id of line 1/],
    ['another method', lineOf('a').replace('POST', 'GET'), /line 1 has another method than "POST"/],
    ['a URL with a host', lineOf('a').replace('/v1', 'http://x/v1'), /line 1 has no url that is a path/],
    ['a space in the URL', lineOf('a').replace('/v1', '/v1 x'), /line 1 has no url that is a path/],
    ['a body that is a text', lineOf('a', '"{}"'), /line 1 has no body that is an object/],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d]), /line 1 is not UTF-8/],
    ['a line too long', lineOf('a', `{"x":"${'x'.repeat(1_000_000)}"}`), /line 1 is too long/],
    ['many such', 'x\n'.repeat(7), /line 1 is .*line 5 is no JSON object; 2 more$/],
    ['nothing', '\n\n', /has no request in it/],
  ])('is refused before anything is asked, by the number of the line: %s', async (_, content, words) => {
    await expect(requestsIn(content)).rejects.toThrow(words);
  });

  test('that is none is refused', async () => {
    await expect(new BatchFile('/nowhere.jsonl', 10).check()).rejects.toThrow('/nowhere.jsonl cannot be read (ENOENT)');
    await expect(new BatchFile(tmpdir(), 10).check()).rejects.toThrow('is no plain file');
  });
});
