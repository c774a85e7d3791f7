/**
 * Latency in an open loop: requests leave when they are due, whatever became
 * of those before, and are timed from when they were due to the first byte.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { quantile, spreadOf } from '../pairs.ts';
import { answerOf, promptOf } from '../requests.ts';
import { LOAD_CORE, SERVER_CORE, ServerProcess } from '../server-process.ts';
import type { Line } from '../table.ts';

const PER_SECOND = 200;
const SECONDS = 15;

export async function* measureArrivals(): AsyncIterable<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  const file = join(folder, 'answer');
  writeFileSync(file, answerOf(1_000));
  const answer = [file, 'application/json'];
  const upstream = await ServerProcess.script('servers/upstream.ts', answer, LOAD_CORE);
  const relay = await ServerProcess.script('servers/relay.ts', [upstream.url], SERVER_CORE);
  const floor = await ServerProcess.script('servers/floor.ts', answer, SERVER_CORE);
  const ours = await ServerProcess.refrain(upstream.url, [], folder);
  try {
    const question = (index: number) => promptOf(1_000, { user: String(index), seed: index });
    yield lineOf(
      `first byte of a miss at ${PER_SECOND}/s, added`,
      await timed([ours.url, upstream.url], question),
      'straight to the upstream',
      2,
    );
    // The part of it that is the machine's and this generator's.
    yield lineOf(
      `first byte through the bare relay at ${PER_SECOND}/s, added`,
      await timed([relay.url, upstream.url], question),
      'straight to the upstream',
      null,
    );
    const hit = await timed([ours.url, floor.url], () => promptOf(1_000));
    yield lineOf(`first byte of a hit at ${PER_SECOND}/s, added`, hit, 'bare server with a Map', null);
  } finally {
    for (const server of [ours, floor, relay, upstream]) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Times = readonly [ours: readonly number[], beside: readonly number[]];

function lineOf(what: string, [ours, beside]: Times, name: string, budget: number | null): Line {
  return {
    what: `${what}, p99`,
    measured: spreadOf(ours),
    beside: `${name}: ${spreadOf(beside)}`,
    figure: quantile(ours, 0.99) - quantile(beside, 0.99),
    budget,
    unit: 'ms',
  };
}

/** To both in turn, each at the rate. @returns ms from when a request was due to its first byte */
async function timed(urls: readonly [string, string], bodyOf: (index: number) => string): Promise<Times> {
  const dispatcher = new Agent({ connections: 64 });
  const post = async (url: string, index: number) => {
    const { body } = await request(`${url}/v1/chat/completions`, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bodyOf(index),
    });
    const at = performance.now();
    await body.dump();
    return at;
  };
  for (let index = 0; index < 2_000; index++) await post(urls[index % 2] as string, -1 - index);
  const began = performance.now();
  const answers: Promise<number>[] = [];
  await new Promise<void>((resolve) => {
    const send = () => {
      while (answers.length < 2 * PER_SECOND * SECONDS) {
        const index = answers.length;
        const due = began + (index * 1_000) / (2 * PER_SECOND);
        const wait = due - performance.now();
        // Not by turning in circles: the upstream has the same core.
        if (wait > 0) return void setTimeout(send, wait);
        answers.push(post(urls[index % 2] as string, index).then((at) => at - due));
      }
      resolve();
    };
    send();
  });
  const times = await Promise.all(answers);
  await dispatcher.close();
  return [times.filter((_, index) => index % 2 === 0), times.filter((_, index) => index % 2 === 1)];
}
