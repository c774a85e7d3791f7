/**
 * A large cassette at the start of a proxy: how long it takes until all of it is read and keyed, how long the event
 * loop is held meanwhile, how long a request waits that needs its first or its last exchange; and how long it takes to
 * merge one more into it. Times in brackets are of the processor alone, as a machine with nothing else to do has them.
 *
 *   node test/bench/cassettes.ts
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { cassetteText, documentOf, inOrder } from '../../src/cassette/cassette-text.ts';
import { EMPTY_HEADER } from '../../src/cassette/cassette-header.ts';
import { CassetteStore } from '../../src/cassette/cassette-store.ts';
import { entryOf } from '../../src/cassette/exchange-entry.ts';
import { ExchangeKeyer } from '../../src/cassette/exchange-key.ts';
import type { RecordedExchange } from '../../src/cassette/recorded-exchange.ts';
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { answerOf, exchangeOf, requestOf } from '../cassette/exchange-fixtures.ts';

const EXCHANGES = 5_000;
const BYTES = 50e6;
const KEY_OPTIONS = { ignore: [], include: [], bypass: [], scopeHeaders: [] };
const KEYER = new ExchangeKeyer(KEY_OPTIONS);

/** Half of them streams, half of them JSON; a question of 2 KB. */
function exchangeAt(index: number): RecordedExchange {
  const request = requestOf({ text: `${String(index).padStart(6, '0')} ${'Tell me more. '.repeat(140)}` });
  const event = (text: string) =>
    `data: {"id":"chatcmpl-1","object":"completion.chunk","choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
  const rest = BYTES / EXCHANGES - 2_600;
  if (index % 2 === 0) return exchangeOf('word '.repeat(rest / 5), { request });
  const events = Array.from({ length: Math.floor(rest / 108) }, (_, number) => event(`w${number}`));
  return { request, answer: answerOf(`${events.join('')}data: [DONE]\n\n`), sample: 1 };
}

const ownTime = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

/** Turns the event loop until `isOver`. @returns the longest time between two turns, in ms, and of the processor's */
async function longestTurn(isOver: () => boolean): Promise<string> {
  let [longest, busiest, before, usedBefore] = [0, 0, performance.now(), ownTime()];
  while (!isOver()) {
    await setImmediate();
    const [now, used] = [performance.now(), ownTime()];
    longest = Math.max(longest, now - before);
    busiest = Math.max(busiest, used - usedBefore);
    [before, usedBefore] = [now, used];
  }
  return `${longest.toFixed(1)} ms (${busiest.toFixed(1)} ms)`;
}

/** Of all threads, in ms. */
const usedSince = (start: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(start);
  return ((user + system) / 1_000).toFixed(0);
};

const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
const path = join(folder, 'llm.cassette');
const exchanges = Array.from({ length: EXCHANGES }, (_, index) => exchangeAt(index));
const documents = inOrder(exchanges.map((exchange) => documentOf(exchange, EMPTY_HEADER)));
writeFileSync(path, cassetteText({ header: EMPTY_HEADER, headerText: '', hasCrLf: false }, EMPTY_HEADER, documents));
console.log(`${EXCHANGES} exchanges, ${(statSync(path).size / 1e6).toFixed(1)} MB`);

const open = () =>
  new CassetteStore({
    path,
    isReadOnly: false,
    keyOptions: KEY_OPTIONS,
    clock: systemClock,
    log: createLog('warn'),
  });
const keyOf = ({ request }: RecordedExchange) => KEYER.key(request).key;
const [first, last] = [documents[0], documents.at(-1)].map((document) =>
  keyOf((document as { exchange: RecordedExchange }).exchange),
) as [string, string];

for (let round = 1; round <= 3; round += 1) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const since = () => (performance.now() - start).toFixed(0);
  const store = open();
  const turning = longestTurn(() => store.isSync);
  const times: string[] = [];
  for (const [name, key] of Object.entries({ first, last })) {
    if ((await store.get(key)) === undefined) throw new Error(`the ${name} is not there`);
    times.push(`${name} after ${since()} ms`);
  }
  const failure = await store.loaded;
  if (failure !== null || store.held.entries !== EXCHANGES) throw new Error('not all is there');
  console.log(`loaded in ${since()} ms (${usedSince(used)} ms), ${times.join(', ')}, longest turn ${await turning}`);
  const added = exchangeOf(`new ${round}`);
  store.record(added, keyOf(added), entryOf(added, null, 0));
  const [closing, usedBefore] = [performance.now(), process.cpuUsage()];
  let isClosed = false;
  const busy = longestTurn(() => isClosed);
  await store.close();
  isClosed = true;
  const merged = `${(performance.now() - closing).toFixed(0)} ms (${usedSince(usedBefore)} ms)`;
  console.log(`merged in ${merged}, longest turn ${await busy}`);
  writeFileSync(path, cassetteText({ header: EMPTY_HEADER, headerText: '', hasCrLf: false }, EMPTY_HEADER, documents));
}
rmSync(folder, { recursive: true });
