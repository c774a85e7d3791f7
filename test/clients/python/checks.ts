/**
 * The checks for a client in another language: through Refrain it parses what
 * it would have parsed without, the second time without the upstream.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Overrides } from '../../../src/config/config.ts';
import {
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  modelsAnswer,
  resetAfter,
  responseEvents,
} from '../../harness/answers.ts';
import { answerWith, MESSAGES } from '../../harness/anthropic.ts';
import { ask } from '../../harness/client.ts';
import { createTestClock } from '../../harness/clock.ts';
import { startProxy } from '../../harness/proxy.ts';
import { answerTools } from '../../harness/tool-calls.ts';
import { type Script, startUpstream } from '../../harness/upstream.ts';
import type { Python, Told } from './environment.ts';

/** The values that each answer must have, among others. */
const QUESTIONS: Readonly<Record<string, string>> = {
  'chat': '"content":"Salt water."',
  'chat, streamed': '"content":"wäter 🌊"',
  'chat, streamed with usage': '"total_tokens":8',
  'tool call': '"name":"depth_of"',
  'tool call, streamed': '"name":"depth_of"',
  'response': '"text":"Salt water."',
  'response, streamed': '"type":"response.completed"',
  'response with a tool call, streamed': '"type":"response.function_call_arguments.delta"',
  'chat, streamed, read by hand': '"finish_reason":"stop"',
  'message': '"type":"text"',
  'message, streamed': '"type":"message_stop"',
  'message with a tool call': '"name":"get_tide"',
  'embeddings': '"embedding":[0.1',
  'embeddings, as floats': '"embedding":[0.1',
};

const STREAMS = ['chat, streamed', 'response, streamed'];

/** Streams that are made from kept JSON, and the question that leaves it. */
const MADE: Readonly<Record<string, string>> = {
  'chat, streamed': 'chat',
  'chat, streamed, read by hand': 'chat',
  'response, streamed': 'response',
  'message, streamed': 'message',
};

/** One check: what it is called, and what it found where all is well. */
export interface Check {
  readonly name: string;
  /** @throws AssertionError where all is not well */
  readonly run: (python: Python) => Promise<string>;
}

export const CHECKS: readonly Check[] = [
  ...Object.keys(QUESTIONS).map((name) => ({ name, run: (python: Python) => asksTwice(python, name) })),
  ...STREAMS.flatMap((name) => [
    {
      name: `${name}, cut after an event`,
      run: (python: Python) => isToldOfCut(python, name, eventsOf(name).slice(0, 3).join('')),
    },
    {
      name: `${name}, cut in an event`,
      run: (python: Python) => isToldOfCut(python, name, eventsOf(name).slice(0, 3).join('').slice(0, -9)),
    },
  ]),
  { name: 'chat, cut', run: (python) => isToldOfCut(python, 'chat', chatAnswer().slice(0, 50)) },
  { name: 'chat, with a cookie jar', run: hitsWithCookies },
  ...Object.entries(MADE).map(([name, of]) => ({ name: `${name}, of JSON`, run: isMadeOf(of, name) })),
  ...STREAMS.map((name) => ({
    name: `${name}, with heartbeats`,
    run: (python: Python) => passesOverBeats(python, name),
  })),
];

/** Answers OpenAI's endpoints and Anthropic's. */
const answers: Script = (call) => {
  if (!call.url.startsWith(MESSAGES)) return answerTools(call);
  return answerWith(JSON.parse(call.body.toString()).tools ? 'tool-use' : 'text')(call);
};

async function asksTwice(python: Python, name: string): Promise<string> {
  return between(answers, {}, async (upstream, proxy) => {
    const direct = await tell(python, upstream.url, name);
    const first = await tell(python, proxy, name);
    const second = await tell(python, proxy, name);
    assert.equal(direct.error, null);
    assert.ok(
      JSON.stringify(direct.told).includes(QUESTIONS[name] as string),
      `${JSON.stringify(direct.told)} lacks ${QUESTIONS[name]}`,
    );
    assert.deepEqual(first, direct);
    assert.deepEqual(second, direct);
    assert.equal(upstream.calls.length, 2);
    return `${direct.told.length} parsed`;
  });
}

/** The upstream's own stream says the same, in more events. */
function isMadeOf(json: string, stream: string): Check['run'] {
  return (python) =>
    between(answers, {}, async (upstream, proxy) => {
      const direct = await tell(python, upstream.url, stream);
      await tell(python, proxy, json);
      const made = await tell(python, proxy, stream);
      assert.deepEqual([direct.error, made.error, upstream.calls.length], [null, null, 2]);
      assert.deepEqual(endOf(made), endOf(direct));
      return `${made.told.length} parsed`;
    });
}

/** The last choice, response or message that was told. */
function endOf({ told }: Told): unknown {
  const { choices, response, ...others } = told.at(-1) as Record<string, unknown>;
  return choices ?? response ?? others;
}

/** The upstream says this much, then its connection is reset. */
async function isToldOfCut(python: Python, name: string, text: string): Promise<string> {
  const isStream = STREAMS.includes(name);
  const sayPart: Script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length + 1 });
    response.write(text, () => response.socket?.resetAndDestroy());
  };
  return between(isStream ? resetAfter(text) : sayPart, {}, async (_, proxy) => {
    const { told, error } = await tell(python, proxy, name);
    assert.ok(error !== null, 'it takes what was cut for whole');
    // Between two events Refrain says why; within one it can only break off as the upstream did.
    if (isStream && !text.endsWith('\n\n')) assert.match(error, /^(APIConnectionError|ReadError|RemoteProtocolError)$/);
    assert.equal(told.length, text.split('\n\n').length - 1);
    return error;
  });
}

/** A gateway sets cookies of its own on everything, with values that are fresh each time. */
async function hitsWithCookies(python: Python): Promise<string> {
  let fresh = 0;
  const gateway: Script = ({ response, url }) => {
    const cookies = [
      `__cf_bm=${fresh++}; path=/; HttpOnly`,
      `AWSALB=${fresh++}; path=/`,
      `AWSALBCORS=${fresh++}; path=/`,
    ];
    response
      .writeHead(200, { 'content-type': 'application/json', 'set-cookie': cookies })
      .end(url.endsWith('/models') ? modelsAnswer() : chatAnswer());
  };
  return between(gateway, {}, async (upstream, proxy) => {
    const { told, error } = await tell(python, proxy, 'chat, with a cookie jar');
    assert.equal(error, null);
    assert.equal(told.length, 3);
    const [chat, ...others] = upstream.calls.filter(({ url }) => url.endsWith('/chat/completions'));
    assert.equal(others.length, 0, 'it asked again');
    assert.match(chat?.headers.cookie ?? '', /__cf_bm=.*AWSALB=/);
    return '3 parsed, 1 call';
  });
}

/** Every event carries an `id`; then a comment that dispatches an event of nothing would be read as JSON. */
async function passesOverBeats(python: Python, name: string): Promise<string> {
  const clock = createTestClock();
  const slowly =
    (events: readonly string[]): Script =>
    async (call) => {
      beginStream(call);
      for (const [at, event] of events.entries()) {
        call.response.write(`id: ${at}\n${event}`);
        await sleep(30);
      }
      call.response.end();
    };
  const ticking = setInterval(() => clock.advance(1_000), 5);
  try {
    return await between(
      slowly(eventsOf(name)),
      { heartbeat: 1 },
      async (upstream, proxy) => {
        const beaten = await ask(new URL(CHAT, proxy).href, { body: chatRequest('Do you beat?', { stream: true }) });
        const beats = beaten.text.split(': refrain is waiting\n').length - 1;
        assert.ok(beats > 0, 'there were no heartbeats');
        const direct = await tell(python, upstream.url, name);
        const told = await tell(python, proxy, name);
        assert.deepEqual(told, { ...direct, error: null });
        return `${told.told.length} parsed`;
      },
      clock,
    );
  } finally {
    clearInterval(ticking);
  }
}

function eventsOf(name: string): string[] {
  return name.startsWith('chat') ? chatEvents() : responseEvents();
}

function tell(python: Python, url: string, name: string): Promise<Told> {
  return python.ask(new URL('/v1', url).href, name);
}

async function between<Result>(
  script: Script,
  overrides: Overrides,
  act: (upstream: Awaited<ReturnType<typeof startUpstream>>, proxy: string) => Promise<Result>,
  clock = createTestClock(),
): Promise<Result> {
  const upstream = await startUpstream(script);
  const proxy = await startProxy(upstream.url, overrides, clock);
  try {
    return await act(upstream, proxy.url);
  } finally {
    await proxy.stop();
    await upstream.stop();
  }
}
