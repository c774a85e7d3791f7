/**
 * The demo: the same question first, again, and from many clients at once,
 * through a proxy in this process to a sample upstream beside it.
 *
 *   npm run demo
 *   npm run demo -- --dashboard    a proxy with two days of traffic behind it, and its page
 */
import { OpenAI } from 'openai';
import { createApp } from '../../src/app.ts';
import { createConfig } from '../../src/config/config.ts';
import { start, stop } from '../../src/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import { type Arrival, type Ask, askJson, askStream } from './asking.ts';
import { showDashboard } from './dashboard.ts';
import { type SampleUpstream, startSampleUpstream } from './sample-upstream.ts';
import { formatDuration, openTable } from './table.ts';

const CLIENTS = 20;
const DRAIN_SECONDS = 1;

/** A way to put a question, and what came of it. */
interface Round {
  readonly clients: number;
  readonly arrivals: readonly Arrival[];
  readonly calls: number;
}

if (process.argv.includes('--dashboard')) await showDashboard();
else await showRounds();

async function showRounds(): Promise<void> {
  const upstream = await startSampleUpstream();
  try {
    await show(upstream);
  } finally {
    await upstream.stop();
  }
}

async function show(upstream: SampleUpstream): Promise<void> {
  const config = createConfig({
    upstream: `${upstream.url}/v1`,
    port: 0,
    admin: { port: 0 },
    store: { path: null },
    logLevel: 'warn',
  });
  const app = createApp(config, createLog(config.logLevel));
  const { api } = await start(app, config);
  try {
    await compare(upstream, `${api}/v1`);
  } finally {
    await stop(app, DRAIN_SECONDS);
  }
}

async function compare(upstream: SampleUpstream, baseURL: string): Promise<void> {
  console.log(
    `A question is asked through Refrain, asked again, and a new one is asked by ${CLIENTS} clients at once.`,
  );
  console.log('The upstream is a sample on this machine that answers at the pace of a model.\n');
  const addRow = openTable([
    { title: 'question', width: 26, align: 'left' },
    { title: 'x-cache', width: 17, align: 'left' },
    { title: 'first byte', width: 10, align: 'right' },
    { title: 'whole answer', width: 12, align: 'right' },
    { title: 'upstream calls', width: 14, align: 'right' },
  ]);
  const rounds: Round[] = [];
  for (const [form, ask, when, question, clients] of [
    ['JSON', askJson, 'first time', 'Why is the sea salt?', 1],
    ['JSON', askJson, 'again', 'Why is the sea salt?', 1],
    ['JSON', askJson, `${CLIENTS} clients at once`, 'And why are rivers not?', CLIENTS],
    ['stream', askStream, 'made of that JSON', 'Why is the sea salt?', 1],
    ['stream', askStream, 'first time', 'Why is the sky blue?', 1],
    ['stream', askStream, 'again', 'Why is the sky blue?', 1],
    ['stream', askStream, `${CLIENTS} clients at once`, 'And why is it red at night?', CLIENTS],
  ] as const) {
    const round = await play(upstream, baseURL, ask, question, clients);
    addRow([`${form}, ${when}`, ...describe(round)]);
    rounds.push(round);
  }
  console.log(`\n${conclude(rounds)}`);
}

async function play(
  upstream: SampleUpstream,
  baseURL: string,
  ask: Ask,
  question: string,
  clients: number,
): Promise<Round> {
  const before = upstream.calls;
  const connect = () => new OpenAI({ baseURL, apiKey: 'sk-sample', maxRetries: 0 });
  const arrivals = await Promise.all(Array.from({ length: clients }, () => ask(connect(), question)));
  return { clients, arrivals, calls: upstream.calls - before };
}

function describe({ clients, arrivals, calls }: Round): string[] {
  const words = Map.groupBy(arrivals, ({ xCache }) => xCache);
  const counted = ['MISS', 'FOLLOW', 'HIT']
    .filter((word) => words.has(word))
    .map((word) => `${words.get(word)?.length} ${word}`);
  const slowest = (times: number[]) => formatDuration(Math.max(...times));
  return [
    clients === 1 ? [...words.keys()].join() : counted.join(', '),
    slowest(arrivals.map(({ firstByte }) => firstByte)),
    slowest(arrivals.map(({ whole }) => whole)),
    String(calls),
  ];
}

function conclude(rounds: readonly Round[]): string {
  const asked = rounds.reduce((sum, { clients }) => sum + clients, 0);
  const calls = rounds.reduce((sum, round) => sum + round.calls, 0);
  const [first, again] = rounds.map(({ arrivals }) => formatDuration(Math.max(...arrivals.map(({ whole }) => whole))));
  return (
    `${asked} answers cost ${calls} upstream calls. Asked again, the JSON answer took ${again} instead of ${first}.\n` +
    `Where ${CLIENTS} clients ask, the times are those of the slowest.`
  );
}
