/**
 * The cost of an answer in another form than was asked for first: a derived hit's first time and its later ones
 * beside a plain hit, and a fold of long streams alone.
 *
 *   node test/bench/forms.ts
 *
 * Processor time; that of hits is of the whole process, client included, which is the same for each.
 */
import { derive } from '../../src/forms/derive.ts';
import { CHAT, chatEventsWithUsage, chatRequest, sendStream } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { landed, startProxy } from '../harness/proxy.ts';
import { ScriptedUpstream } from '../harness/upstream.ts';
import { entryOf } from '../forms/samples.ts';
import { longStream } from '../forms/long-stream.ts';
import { median } from './pairs.ts';

const QUESTIONS = 200;
const ROUNDS = 12;
const FOLDS = 12;

const milliseconds = (value: number) => `${value.toFixed(2).padStart(8)} ms`;

/** Processor time in ms. */
async function cpuOf(act: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const questionOf = (at: number) => chatRequest(`question ${at}`);
const STREAMED = { stream: true, stream_options: { include_usage: true } };

/** Each question asked as a stream first, as JSON then, in rounds that take turns with the plain hits of the stream. */
async function measureHits(): Promise<void> {
  const upstream = await new ScriptedUpstream((call) => sendStream(call, chatEventsWithUsage())).start();
  const proxy = await startProxy(upstream.url, { dialect: 'openai' });
  const askAll = async (from: number, others: object, form: string | undefined) => {
    for (let at = from; at < from + QUESTIONS; at += 1) {
      const { headers } = await ask(proxy.url + CHAT, { body: { ...questionOf(at), ...others } });
      if (headers['x-refrain-form'] !== form) throw new Error(`the form is ${headers['x-refrain-form']}`);
    }
  };
  const derived = 'json from sse+usage';
  const [plain, first, later]: number[][] = [[], [], []];
  for (let round = -2; round < ROUNDS; round += 1) {
    const from = (round + 2) * QUESTIONS;
    await askAll(from, STREAMED, undefined);
    await landed(proxy);
    const times = [
      await cpuOf(() => askAll(from, {}, derived)),
      await cpuOf(() => askAll(from, STREAMED, undefined)),
      await cpuOf(() => askAll(from, {}, derived)),
    ] as const;
    // The first rounds warm up.
    if (round < 0) continue;
    for (const [at, list] of [first, plain, later].entries()) list?.push((times[at] as number) / QUESTIONS);
  }
  await proxy.stop();
  await upstream.stop();
  const beside = median(plain ?? []);
  for (const [name, times = []] of [
    ['a plain hit', plain],
    ['a derived hit, its first time', first],
    ['a derived hit, later', later],
  ] as const) {
    const time = median(times);
    console.log(`${name.padEnd(32)} ${milliseconds(time)}   ${(time / beside).toFixed(2)} times a plain one`);
  }
}

/** The least of several: others use the machine too. */
async function measureFold(events: number): Promise<number> {
  const entry = entryOf({ form: 'sse+usage', body: longStream(events) });
  const times: number[] = [];
  for (let fold = 0; fold < FOLDS; fold += 1) {
    times.push(await cpuOf(() => derive(entry, 'sse+usage', 'json', { endpoint: 'chat', isStreamable: true })));
  }
  return Math.min(...times);
}

await measureHits();
await measureFold(1_000);
for (const events of [10_000, 100_000]) {
  console.log(`${`a fold of ${events} events`.padEnd(32)} ${milliseconds(await measureFold(events))}`);
}
