/**
 * The cost of a batch of embeddings whose inputs are known, per input: from memory and from SQLite.
 *
 *   node test/bench/items.ts
 *
 * Processor time of the whole process, client included, without what the same bytes cost as one answer that is kept
 * whole.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../harness/client.ts';
import { EMBEDDINGS, embeds } from '../harness/embeddings.ts';
import { startProxy } from '../harness/proxy.ts';
import { ScriptedUpstream } from '../harness/upstream.ts';

/** How many inputs a measure answers, whatever the size of its batches: what the process does beside it is little. */
const INPUTS = 32_768;

const folder = mkdtempSync(join(tmpdir(), 'refrain-items-'));
const upstream = await new ScriptedUpstream(embeds({ dimensions: 256 })).start();

const inputsOf = (count: number) => Array.from({ length: count }, (_, at) => `chunk ${at} of a long document`);

/** Processor time in µs, and the time that a request took in ms. */
async function timed(rounds: number, act: () => Promise<unknown>): Promise<{ cpu: number; ms: number }> {
  const [before, began] = [process.cpuUsage(), performance.now()];
  for (let round = 0; round < rounds; round++) await act();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / rounds, ms: (performance.now() - began) / rounds };
}

/** @param memory in bytes; 0 has all come from the file */
async function measure(name: string, count: number, memory: number): Promise<void> {
  const proxy = await startProxy(upstream.url, {
    memory: { bytes: memory },
    store: { path: join(folder, `${name}-${count}.sqlite`) },
  });
  const body = { model: 'm', encoding_format: 'base64', input: inputsOf(count) };
  const whole = { 'x-refrain-items': 'off', 'x-refrain-variant': 'whole' };
  const asked = (headers = {}) => ask(proxy.url + EMBEDDINGS, { body, headers });
  await asked();
  await asked(whole);
  const items = (await asked()).headers['x-refrain-items'];
  if (items !== `hit=${count}, fetched=0`) throw new Error(`${name}: ${items}`);
  const rounds = INPUTS / count;
  // First until V8 has compiled what is measured.
  await timed(rounds, asked);
  await timed(rounds, () => asked(whole));
  const split = await timed(rounds, asked);
  const kept = await timed(rounds, () => asked(whole));
  const each = (split.cpu - kept.cpu) / count;
  console.log(
    `${name.padEnd(7)} ${String(count).padStart(5)} known   ${each.toFixed(1).padStart(6)} µs each ` +
      `(${(split.cpu / count).toFixed(1)} with client and socket)   ` +
      `${split.ms.toFixed(1).padStart(6)} ms the batch, ${kept.ms.toFixed(1)} ms kept whole`,
  );
  await proxy.stop();
}

try {
  for (const count of [64, 512, 2048]) await measure('memory', count, 256 * 1024 * 1024);
  for (const count of [64, 512, 2048]) await measure('sqlite', count, 0);
} finally {
  await upstream.stop();
  rmSync(folder, { recursive: true });
}
