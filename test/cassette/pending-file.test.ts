import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readCassette, rewriteCassette } from '../../src/cassette/cassette-file.ts';
import { digestOf } from '../../src/cassette/exchange-digest.ts';
import { appendLot, readPending } from '../../src/cassette/pending-file.ts';
import type { RecordedExchange } from '../../src/cassette/recorded-exchange.ts';
import { createCassetteFolder } from './cassette-folder.ts';
import { answerOf, exchangeOf } from './exchange-fixtures.ts';

const HEADER = { upstreams: { default: 'openai' as const }, redact: [{ pointer: '/user' }] };

const lotOf = (exchanges: readonly RecordedExchange[], removes: readonly RecordedExchange[] = []) => ({
  header: HEADER,
  removes: removes.map(digestOf),
  exchanges,
});
const exchangesIn = (path: string) => readCassette(path).documents.map(({ exchange }) => exchange);

test('a lot that was cut anywhere is read as far as it goes, and spoils none that follows', () => {
  const { path } = createCassetteFolder();
  const pending = `${path}.pending`;
  const first = [
    exchangeOf('a', { answer: answerOf('one\n\n') }),
    exchangeOf('b', { answer: answerOf('{\n}\n...\n---\n') }),
  ];
  appendLot(path, lotOf(first));
  const whole = readFileSync(pending);
  for (let length = 0; length < whole.length; length += 1 + (length % 7)) {
    writeFileSync(pending, whole);
    truncateSync(pending, length);
    const before = exchangesIn(path);
    expect(before).toEqual(first.slice(0, before.length));
    appendLot(path, lotOf([exchangeOf('c')]));
    expect(exchangesIn(path)).toEqual([...before, exchangeOf('c')]);
  }
});

test('what is merged twice is as merged once, also where it removes and replaces', () => {
  const { path, text } = createCassetteFolder();
  const [a, b, c] = [exchangeOf('a'), exchangeOf('b'), exchangeOf('c')];
  const anew = { ...a, answer: answerOf('anew') };
  appendLot(path, lotOf([a, b]));
  rewriteCassette(path);
  expect(readPending(path)).toBeNull();
  appendLot(path, lotOf([anew], [a, b]));
  appendLot(path, lotOf([a, c]));
  const pending = text('.pending') as string;
  rewriteCassette(path);
  expect(exchangesIn(path)).toEqual([anew, c]);
  const merged = text();
  // Killed between the two.
  writeFileSync(`${path}.pending`, pending);
  expect(exchangesIn(path)).toEqual([anew, c]);
  rewriteCassette(path);
  expect(text()).toBe(merged);
  expect(readCassette(path).header).toEqual(HEADER);
});
