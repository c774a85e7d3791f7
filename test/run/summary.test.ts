import { expect, test } from 'vitest';
import type { UnrecordedRequest } from '../../src/cassette/unrecorded.ts';
import { RunTotals } from '../../src/ledger/run-totals.ts';
import { summaryLine, unrecordedLines } from '../../src/run/summary.ts';

const totalsOf = (sums: Partial<RunTotals>) => Object.assign(new RunTotals(), sums);

test('says what was replayed and what that saved', () => {
  const totals = totalsOf({ hits: 2, misses: 1, savedDollars: 0.12, savedMs: 38_200 });
  expect(summaryLine(totals, 3)).toBe('2 hits, 1 misses, 3 unrecorded; saved $0.12 and 38 s');
});

test.each([
  [0, '0 s'],
  [0.4, '1 ms'],
  [450, '450 ms'],
  [65_000, '1 m 5 s'],
  [7_260_000, '2 h 1 m'],
])('says %j ms as %j', (savedMs, words) => {
  expect(summaryLine(totalsOf({ savedMs }), 0)).toMatch(new RegExp(` and ${words}$`));
});

test('names bypasses where there were any', () => {
  const line = '0 hits, 0 misses, 0 unrecorded, 1 bypasses; saved $0.00 and 0 s';
  expect(summaryLine(totalsOf({ bypasses: 1 }), 0)).toBe(line);
});

const REQUEST: UnrecordedRequest = {
  method: 'POST',
  path: '/chat/completions',
  model: 'm',
  question: 'What is\nthe sky?',
  nearest: { key: '0123456789abcdef', question: 'What is the sea?', pointer: '/messages/1/content', differences: 1 },
  why: 'offline',
};

test('lists what was not recorded beside what comes nearest, in lines that do nothing to a terminal', () => {
  const [asked, nearest, ...others] = unrecordedLines([REQUEST], 1);
  expect(asked).toMatch(/^ {2}POST \/chat\/completions m “What is[^\n]*the sky\?”: offline$/);
  expect(nearest).toBe('    nearest is 0123456789abcdef “What is the sea?”, which differs at /messages/1/content');
  expect(others).toEqual([]);
});

test('ends a long list by how many there are besides', () => {
  const request = { method: 'GET', path: '/models', model: null, question: null, nearest: null, why: 'offline' };
  expect(unrecordedLines([request], 1)).toEqual(['  GET /models: offline']);
  expect(unrecordedLines(Array(60).fill(request), 1_060).at(-1)).toBe('  and 1010 more');
});
