import { expect, test } from 'vitest';
import { type LoggedRequest, pathOf } from '../../src/console/access-log.ts';
import { HumanLines } from '../../src/console/human-lines.ts';
import { humanLine } from '../../src/console/human-log.ts';
import { JsonLines } from '../../src/console/json-lines.ts';
import { RunTotals } from '../../src/ledger/run-totals.ts';
import { runSummary } from '../../src/console/run-summary.ts';
import type { UsageRecord } from '../../src/ledger/usage-record.ts';
import { createLog } from '../../src/log.ts';
import { WholeBody } from '../../src/request/whole-body.ts';
import { callOf, recordOf } from '../ledger/usage-records.ts';

const plain = (_style: string, text: string) => text;
const pricing = { priceOf: (model: string | null) => (model === 'gpt-4o-mini' ? 0.0123 : null) };
const call = callOf({ input: 200, output: 50 }, 1_900);

function ended(record: Partial<UsageRecord>, more: Partial<LoggedRequest> = {}): LoggedRequest {
  return { record: recordOf({ call, ms: 12.34, ...record }), method: 'POST', target: '/v1/x', question: null, ...more };
}

function humanLineOf(request: LoggedRequest, level = 'info'): string | undefined {
  const lines: string[] = [];
  const log = createLog(level, { write: () => {} });
  new HumanLines({ log, write: (line) => lines.push(line), paint: plain, showsPrompts: true }).note(request, pricing);
  return lines[0];
}

function jsonLineOf(request: LoggedRequest, level = 'info', worker: number | null = null): string | undefined {
  const lines: string[] = [];
  new JsonLines(createLog(level, { write: () => {} }), (line) => lines.push(line), worker).note(request);
  return lines[0];
}

test.each<[Partial<UsageRecord>, Partial<LoggedRequest>, string]>([
  [
    { outcome: 'hit' },
    { question: 'What is the sea?' },
    'HIT     gpt-4o-mini  12 ms  saved $0.01 1.9 s  "What is the sea?"',
  ],
  [{ outcome: 'follow', model: 'llama' }, {}, 'FOLLOW  llama  12 ms  saved 1.9 s'],
  [{ ms: 0.4, call: null }, {}, 'MISS    gpt-4o-mini  <1 ms'],
  [{ ms: 1_950 }, {}, 'MISS    gpt-4o-mini  1.9 s  cost $0.01'],
  [{ why: 'cut' }, {}, 'MISS    gpt-4o-mini  12 ms  cost $0.01  not kept: cut'],
  [{ status: 429, call: null, why: 'status' }, {}, 'MISS    gpt-4o-mini  12 ms  429 status'],
  [{ outcome: 'bypass', why: 'route', model: null, call: null }, { method: 'GET' }, 'BYPASS  GET /v1/x  12 ms  route'],
  [
    { outcome: 'refusal', status: 400, why: 'invalid_body', error: 'invalid_body', model: null, call: null },
    { target: '/v1/x?api-key=secret' },
    'ERR     POST /v1/x  12 ms  400 invalid_body',
  ],
])('people read of %j', (record, more, line) => {
  expect(humanLineOf(ended(record, more))).toBe(`${line}\n`);
});

test('escapes of others are inert, in both forms', () => {
  const evil = 'gpt\u001b]0;x\u0007\u009b2J\u202e"\\';
  const human = humanLineOf(ended({ model: evil }, { target: `/\u001b[2J?q`, method: 'POST' }));
  expect(human).toContain('gpt\\x1b]0;x\\x07\\x9b2J\\u202e');
  const json = jsonLineOf(ended({ model: evil, why: 'a\nb' }, { target: '/\u009b?q' })) as string;
  expect(json).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(json)).toMatchObject({ model: evil, why: 'a\nb', path: '/\u009b' });
});

test('a line of JSON has what a request was, and no word of it', () => {
  const request = ended({ outcome: 'hit' }, { target: '/v1/x?token=secret', question: 'What is the sea?' });
  expect(JSON.parse(jsonLineOf(request) ?? '')).toEqual({
    level: 'info',
    time: new Date(request.record.time).toISOString(),
    requestId: 'r-1',
    method: 'POST',
    path: '/v1/x',
    endpoint: 'chat',
    outcome: 'hit',
    status: 200,
    ms: 12.34,
    model: 'gpt-4o-mini',
    tokens: { input: 200, cachedInput: 0, output: 50, reasoning: 0 },
    key: '0123456789abcdef',
    msg: 'request',
  });
  const bypass = ended({ outcome: 'bypass', why: 'route', model: null, key: null, call: null });
  const members = Object.keys(JSON.parse(jsonLineOf(bypass, 'info', 3) ?? ''));
  expect(members).toEqual([
    'level',
    'time',
    'worker',
    'requestId',
    'method',
    'path',
    'endpoint',
    'outcome',
    'status',
    'ms',
    'why',
    'msg',
  ]);
});

test('lines have the time of their own request, to the millisecond', () => {
  const lines: string[] = [];
  const json = new JsonLines(createLog('info', { write: () => {} }), (line) => lines.push(line));
  const times = [1_700_000_000_999, 1_700_000_001_000, 1_700_000_000_001, 1_700_000_001_042];
  for (const time of times) json.note(ended({ time }));
  expect(lines.map((line) => Date.parse(JSON.parse(line).time))).toEqual(times);
});

test('there are none where the log has no lines of their level', () => {
  expect(humanLineOf(ended({}), 'warn')).toBeUndefined();
  expect(jsonLineOf(ended({}), 'warn')).toBeUndefined();
});

test('words of a prompt are looked for only where they may be shown, and in short bodies', () => {
  const body = (text: string) => new WholeBody([Buffer.from(JSON.stringify({ input: text }))]);
  const wordsIn = (showsPrompts: boolean, text: string, level = 'info') => {
    const log = createLog(level, { write: () => {} });
    return new HumanLines({ log, write: () => {}, paint: plain, showsPrompts }).questionOf('embeddings', body(text));
  };
  expect(wordsIn(true, 'Hello')).toBe('Hello');
  expect(wordsIn(false, 'Hello')).toBeNull();
  expect(wordsIn(true, 'Hello', 'warn')).toBeNull();
  expect(wordsIn(true, 'x'.repeat(70_000))).toBeNull();
});

test.each([
  ['/v1/chat?key=1', '/v1/chat'],
  ['/v1/chat#f', '/v1/chat'],
  ['http://user:pass@host:1/v1?q', '/v1'],
  ['http://host?q=//x', ''],
  ['*', '*'],
])('of the target %s the path is %s', (target, path) => expect(pathOf(target)).toBe(path));

test('a line of the log is one line for people, and shows a stack below', () => {
  const read = (line: object) => humanLine(JSON.stringify(line), plain);
  expect(read({ level: 'warn', time: 'x', setting: '--up', reason: 'R\u001b[2J', msg: 'no answer' })).toBe(
    'WARN    no answer  setting=--up reason=R\\x1b[2J\n',
  );
  expect(
    read({ level: 'error', time: 'x', err: { name: 'E', message: 'm', stack: 'E: m\n at\u0007' }, msg: 'x' }),
  ).toBe('ERROR   x  error=m\nE: m\n at\\x07\n');
});

test('the last line sums a run up', () => {
  const run = new RunTotals();
  expect(runSummary(run)).toBe('no requests');
  run.add({ ...recordOf({ outcome: 'hit', call }), dollars: 0.02 });
  run.add({ ...recordOf({ outcome: 'follow', call }), dollars: null });
  run.add({ ...recordOf({ outcome: 'miss', call }), dollars: 0.5 });
  run.add({ ...recordOf({ outcome: 'bypass', call }), dollars: 0.25 });
  run.addCall({ ...recordOf(), call, dollars: 1 });
  expect(runSummary(run)).toBe('4 requests, 2 hits (66.7%), saved $0.02 and 3.8 s of waiting, spent $1.75');
});
