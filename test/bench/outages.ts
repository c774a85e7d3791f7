/**
 * Two nodes over one Redis, when that Redis is killed or paused, and under equal streams: Refrain's, and LiteLLM's
 * beside them where its program is named.
 *
 *   python3 -m venv /tmp/litellm && /tmp/litellm/bin/pip install 'litellm[proxy]'
 *   node test/bench/outages.ts --litellm /tmp/litellm/bin/litellm [--write]
 *
 * `--write` puts the table into docs/fleet.md. Needs redis-server; takes about four minutes.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { withPart } from '../documents.ts';
import { chatAnswer, chatEvents, sendPaced } from '../harness/answers.ts';
import { startRedisServer } from '../harness/redis-server.ts';
import { type Gateway, type Setting, startLitellm, startRefrain } from './outages/gateway.ts';
import { asks, paced, type Sample, timed } from './outages/load.ts';
import { quantile } from './pairs.ts';

const DOCUMENT = new URL('../../docs/fleet.md', import.meta.url);
const EVENTS = chatEvents(Array.from({ length: 40 }, (_, index) => ` word ${index}`));
const EVENT_MS = 25;
const ANSWER_MS = 50;
const KNOWN = 100;
const WARM = 20;
const STREAMS = 100;
const PER_SECOND = 20;
/** Past this p99 before a fault the machine has no time for a gateway, and what follows says less of it. */
const BUSY_MS = 500;
/** Of the load: the fault comes, and is over when the load is. */
const [FAULT_MS, SECONDS] = [6_000, 21];
/** A request that comes so shortly before the fault may still be under way at it. */
const MARGIN_MS = 500;

const { litellm, write } = parseArgs({
  options: { litellm: { type: 'string' }, write: { type: 'boolean', default: false } },
}).values;

/** Of questions; LiteLLM asks for more than those. */
let calls = 0;
const upstream = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', async () => {
    if (!request.url?.endsWith('/chat/completions') || body === '') return void response.writeHead(404).end();
    calls++;
    if (JSON.parse(body).stream) return void sendPaced(response, EVENTS, EVENT_MS);
    await setTimeout(ANSWER_MS);
    response.writeHead(200, { 'content-type': 'application/json' }).end(chatAnswer());
  });
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');

const busy: string[] = [];
type Column = readonly (readonly [string, string])[];

/** Each gateway over a Redis of its own, one after another. */
async function measure(start: (setting: Setting) => Promise<Gateway>): Promise<{ name: string; column: Column }> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-outages-'));
  const redis = await startRedisServer();
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const gateway = await start({ upstream: url, redis: redis.port, folder });
  try {
    const hits = await hitsOf(gateway);
    const column = [
      ['hit that the other node stored', `p50 ${ms(quantile(hits, 0.5))}, p99 ${ms(quantile(hits, 0.99))}`],
      [`${STREAMS} equal streams at once over both nodes`, `upstream calls: ${await callsOfStreams(gateway)}`],
      ...(await fault(
        'killed',
        gateway,
        () => redis.kill('SIGKILL'),
        () => redis.restart(),
      )),
      ...(await fault(
        'paused',
        gateway,
        () => redis.kill('SIGSTOP'),
        () => redis.kill('SIGCONT'),
      )),
    ] as const;
    return { name: gateway.name, column };
  } finally {
    await gateway.stop();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Answers that the first node stored, asked for at the second, in ms. */
async function hitsOf(gateway: Gateway): Promise<readonly number[]> {
  // The code that each loads with its first requests is no part of a hit.
  for (let index = 0; index < WARM; index++) await asks(gateway, index, `Warm: ${index}`);
  for (let index = 0; index < KNOWN; index++) await asks(gateway, 0, known(index));
  await setTimeout(500);
  const before = calls;
  const times: number[] = [];
  for (let index = 0; index < KNOWN; index++) times.push((await timed(gateway, 1, known(index))).ms);
  if (calls > before) console.error(`${gateway.name}: ${calls - before} of ${KNOWN} hits were misses`);
  return times;
}

async function callsOfStreams(gateway: Gateway): Promise<number> {
  const before = calls;
  const streams = Array.from({ length: STREAMS }, (_, node) => asks(gateway, node, 'A stream.', { stream: true }));
  const failed = (await Promise.all(streams)).filter((isAnswered) => !isAnswered).length;
  if (failed > 0) console.error(`${gateway.name}: ${failed} of ${STREAMS} streams failed`);
  return calls - before;
}

/** Half of what is asked is known, half is new. */
async function fault(name: string, gateway: Gateway, begin: () => unknown, end: () => unknown): Promise<Column> {
  const samples = await paced(gateway, {
    perSecond: PER_SECOND,
    seconds: SECONDS,
    prompt: (index) => (index % 4 < 2 ? known((index >> 2) % KNOWN) : `New while ${name}: ${index}`),
    events: [[FAULT_MS, begin]],
  });
  await end();
  const back = await untilShared(gateway, performance.now());
  const during = (from: number, to: number) => samples.filter(({ at }) => at >= from && at < to);
  const before = p99(during(0, FAULT_MS - MARGIN_MS));
  if (before > BUSY_MS) busy.push(`${gateway.name}: p99 of ${ms(before)} before Redis was ${name}`);
  return [
    [`Redis ${name}: failed of ${samples.length} requests`, String(samples.filter(({ isFailed }) => isFailed).length)],
    [
      `… p99 before; in the first second; in the rest of the outage`,
      [before, p99(during(FAULT_MS, FAULT_MS + 1_000)), p99(during(FAULT_MS + 1_000, Infinity))].map(ms).join('; '),
    ],
    [`… longest answer`, ms(Math.max(...samples.map((sample) => sample.ms)))],
    [`… from its return until answers are shared again`, back],
  ];
}

/** How long until what one node has fetched is a hit on the other. */
async function untilShared(gateway: Gateway, overAt: number): Promise<string> {
  for (let attempt = 0; performance.now() - overAt < 90_000; attempt++) {
    const prompt = `Shared again: ${overAt} ${attempt}`;
    await asks(gateway, 0, prompt);
    await setTimeout(200);
    const before = calls;
    await asks(gateway, 1, prompt);
    if (calls === before) return ms(performance.now() - overAt);
  }
  return 'more than 90 s';
}

const known = (index: number) => `Known: ${index}`;
const p99 = (samples: readonly Sample[]) =>
  quantile(
    samples.map((sample) => sample.ms),
    0.99,
  );
const ms = (time: number) =>
  time < 1_000 ? `${time.toFixed(time < 10 ? 1 : 0)} ms` : `${(time / 1_000).toFixed(1)} s`;

const columns = [await measure(startRefrain)];
if (litellm) columns.push(await measure((setting) => startLitellm(litellm, setting)));
upstream.close();
upstream.closeAllConnections();

const rows = columns[0]?.column.map(
  ([what], row) => `| ${[what, ...columns.map(({ column }) => column[row]?.[1])].join(' | ')} |`,
);
const table = [
  `| | ${columns.map(({ name }) => name).join(' | ')} |`,
  `|---|${columns.map(() => '---|').join('')}`,
  ...(rows ?? []),
  ...(busy.length > 0
    ? ['', `The machine was busy, to the disadvantage of whoever needs more of it: ${busy.join('; ')}.`]
    : []),
].join('\n');
console.log(table);
if (write) writeFileSync(DOCUMENT, withPart(readFileSync(DOCUMENT, 'utf8'), 'outages', table));
process.exit(0);
