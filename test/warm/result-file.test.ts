import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ProxyAnswer } from '../../src/warm/batch-client.ts';
import type { BatchRequest } from '../../src/warm/batch-request.ts';
import { ResultFile } from '../../src/warm/result-file.ts';

function placeFor(content?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-warm-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'results.jsonl');
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

const requestOf = (customId: string): BatchRequest => ({ line: 1, customId, url: '/v1/chat/completions', body: '{}' });

function answerOf(body: string, status = 200, headers: Record<string, string> = {}): ProxyAnswer {
  return { status, header: (name) => headers[name], body: Buffer.from(body), usage: null, model: null };
}

async function write(
  path: string,
  ...answers: (readonly [string, ProxyAnswer | { error: string }])[]
): Promise<string> {
  const results = await ResultFile.open(path);
  for (const [id, answer] of answers) results.write(requestOf(id), answer);
  results.close();
  return readFileSync(path, 'utf8');
}

const idsIn = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).custom_id);

describe('a file of results', () => {
  test('stays readable to those alone who could read it, and a link to it stays', async () => {
    const path = placeFor();
    await write(path, ['a', answerOf('{}', 500)], ['b', answerOf('{}')]);
    chmodSync(path, 0o600);
    const link = `${path}.link`;
    symlinkSync(path, link);
    expect(idsIn(await write(link, ['a', answerOf('{}')]))).toEqual(['b', 'a']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  test('has the form of the Batch API, and the numbers of the answer as they were', async () => {
    const text = await write(
      placeFor(),
      ['a "b"', answerOf('{\r\n  "x": 1e-05,\n  "y": 0.10\n}\n', 200, { 'x-request-id': 'req_1' })],
      ['b', answerOf('data: {}\n\ndata: [DONE]\n\n', 200, { 'x-refrain-request-id': 'uuid' })],
      ['c', answerOf('{"error":{"message":"no"}}', 400)],
      ['d', { error: 'ECONNREFUSED' }],
    );
    const lines = text.trimEnd().split('\n');
    expect(lines[0]?.replace(/ +/g, ' ').replace(/[0-9a-f]{32}/, 'ID')).toBe(
      '{"id":"batch_req_ID","custom_id":"a \\"b\\"","response":{"status_code":200,"request_id":"req_1",' +
        '"body":{ "x": 1e-05, "y": 0.10 }},"error":null}',
    );
    expect(lines.slice(1).map((line) => JSON.parse(line))).toEqual([
      {
        id: expect.stringMatching(/^batch_req_/),
        custom_id: 'b',
        response: { status_code: 200, request_id: 'uuid', body: 'data: {}\n\ndata: [DONE]\n\n' },
        error: null,
      },
      expect.objectContaining({
        response: { status_code: 400, request_id: null, body: { error: { message: 'no' } } },
        error: null,
      }),
      expect.objectContaining({ response: null, error: { code: 'unanswered', message: 'ECONNREFUSED' } }),
    ]);
  });

  test('is gone on with: what was answered stays, what failed and what is half written is written anew', async () => {
    const path = placeFor();
    const first = await write(path, ['a', answerOf('{}')], ['b', answerOf('{}', 500)], ['c', answerOf('{}')]);
    const [a, , c] = first.split('\n');
    writeFileSync(path, `${first}{"id":"batch_req_12","custom_id":"d","resp`);
    const again = await write(
      path,
      ['a', answerOf('{}')],
      ['b', answerOf('{}')],
      ['c', answerOf('{}')],
      ['d', answerOf('{}')],
    );
    expect(idsIn(again)).toEqual(['a', 'c', 'b', 'd']);
    expect(again.startsWith(`${a}\n${c}\n`)).toBe(true);
    expect(existsSync(`${path}.new`)).toBe(false);
    expect(idsIn(await write(path, ['d', answerOf('{}')]))).toEqual(['a', 'c', 'b', 'd']);
  });

  test('keeps a last line that lacks its end alone, and drops one that ends in a character', async () => {
    const path = placeFor();
    const whole = (await write(path, ['a', answerOf('{}')])).trimEnd();
    writeFileSync(path, whole);
    expect(idsIn(await write(path, ['a', answerOf('{}')], ['b', answerOf('{}')]))).toEqual(['a', 'b']);
    const cut = Buffer.concat([Buffer.from(`${whole}\n{"id":"batch_req_`), Buffer.from('ü').subarray(0, 1)]);
    writeFileSync(path, cut);
    expect(await write(path)).toBe(`${whole}\n`);
    writeFileSync(path, `${whole}\n{"id":`);
    expect(await write(path)).toBe(`${whole}\n`);
  });

  test.each(['{"custom_id":"a","method":"POST","url":"/","body":{}}\n', 'notes', '{"a":1}', '[]\n'])(
    'of somebody else is left as it is: %j',
    async (content) => {
      const path = placeFor(content);
      await expect(ResultFile.open(path)).rejects.toThrow('line 1 is no result');
      expect(readFileSync(path, 'utf8')).toBe(content);
    },
  );
});
