/**
 * The cost of somebody who looks: CPU time of a proxy at 500 requests a second, with one reader of `/events` and of the
 * last hour's series, and without, in turn.
 *
 *   node test/bench/watching.ts [--pairs 5] [--seconds 10]
 *
 * Hits, and a miss for each twenty of them. The series is asked for as the page does, every five seconds.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median } from './pairs.ts';
import { answerOf, promptOf } from './requests.ts';
import { LOAD_CORE, ServerProcess } from './server-process.ts';

const PER_SECOND = 500;
const TICK_MS = 20;
const QUESTIONS = 50;
const MISS_EACH = 20;
const SERIES_MS = 5_000;

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '10' } },
});
const [pairs, seconds] = [Number(values.pairs), Number(values.seconds)];

const folder = mkdtempSync(join(tmpdir(), 'refrain-watching-'));
const answer = join(folder, 'answer.json');
writeFileSync(answer, answerOf(2_000));
const upstream = await ServerProcess.script('servers/upstream.ts', [answer], LOAD_CORE);
const proxy = await ServerProcess.refrain(upstream.url, [], join(folder, 'proxy'));
const adminUrl = [...proxy.line.matchAll(/http:\/\/[^\s/,]+/g)].map(([url]) => url)[1];
if (adminUrl === undefined) throw new Error(`no admin API in ${proxy.line}`);

const prompt = promptOf(1_000);
const agent = new Agent({ keepAlive: true, maxSockets: 32 });
let sent = 0;

function post(content: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const body = prompt.replace('0 All', `${content} All`);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    request(`${proxy.url}/v1/chat/completions`, { method: 'POST', agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.resume().on('end', resolve);
    })
      .on('error', reject)
      .end(body);
  });
}

/** Sends at a fixed rate, whatever comes back. @returns the proxy's CPU time, as a share of one core */
async function load(): Promise<number> {
  const [cpu, began] = [proxy.cpu(), performance.now()];
  const pending: Promise<void>[] = [];
  for (let due = 0; performance.now() - began < seconds * 1_000; await setTimeout(TICK_MS)) {
    for (; due < ((performance.now() - began) * PER_SECOND) / 1_000; due += 1) {
      sent += 1;
      pending.push(post(sent % MISS_EACH === 0 ? `new ${sent}` : `known ${sent % QUESTIONS}`));
    }
  }
  await Promise.all(pending);
  return (proxy.cpu() - cpu) / ((performance.now() - began) * 1_000);
}

/** Reads both. @returns what ends that */
function watch(): () => void {
  let events = 0;
  const live = get(`${adminUrl}/events`, (response) => {
    response.on('data', (chunk: Buffer) => (events += chunk.length)).on('error', () => {});
  }).on('error', () => {});
  const readSeries = () => {
    const from = Math.floor(Date.now() / 1_000) - 3_600;
    get(`${adminUrl}/stats?series=minute&from=${from}`, (response) => response.resume());
  };
  readSeries();
  const timer = setInterval(readSeries, SERIES_MS);
  return () => {
    clearInterval(timer);
    live.destroy();
    if (events === 0) throw new Error('no event was read');
  };
}

async function watched(): Promise<number> {
  const end = watch();
  try {
    return await load();
  } finally {
    end();
  }
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
try {
  await load();
  await watched();
  const differences: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    // Turned round each time, so that what drifts weighs on both.
    const isFirst = pair % 2 === 0;
    const [first, second] = [isFirst ? await watched() : await load(), isFirst ? await load() : await watched()];
    const [looked, alone] = isFirst ? [first, second] : [second, first];
    differences.push(looked - alone);
    console.log(`${percent(alone)} of a core alone, ${percent(looked)} with a reader`);
  }
  console.log(`a reader costs ${percent(median(differences))} of a core (median of ${pairs} pairs)`);
} finally {
  await proxy.stop();
  await upstream.stop();
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}
