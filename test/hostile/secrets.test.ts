/**
 * A credential passes through and stays nowhere; a prompt stays in the store
 * alone, and there only where that is wanted. Both are sent through everything
 * that can go well or wrong, in a process that logs all it can and is killed.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  answerAll,
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  errorAnswer,
  resetAfter,
  sendJson,
  sendStream,
} from '../harness/answers.ts';
import { USER_HEADERS } from '../../src/request/caller.ts';
import { Child } from '../harness/child.ts';
import { ask, begin } from '../harness/client.ts';
import { type Call, type Script, type ScriptedUpstream, startUpstream } from '../harness/upstream.ts';
import { Thrown } from './line.ts';
import { filesIn, spellings, tracesIn } from './traces.ts';
import { converse } from './wire.ts';

const KEY = 'sk-CANARY-7Kq2ZtWm4Xv9Rb1Ny6Hs3Jd8';
const PROMPT = 'CANARY-PROMPT what do you say to nobody';
const REPEATED = 'CANARY-REPEATED the answer says this again';

const CREDENTIALS = {
  authorization: `Bearer ${KEY}`,
  'api-key': KEY,
  'x-api-key': KEY,
  'openai-organization': KEY,
  'openai-project': KEY,
  'proxy-authorization': `Basic ${Buffer.from(`u:${KEY}`).toString('base64')}`,
  // The names of the one who asks, and of the conversation.
  ...Object.fromEntries(USER_HEADERS.map((name) => [name.replace('*', 'data'), KEY])),
  'x-end-user': KEY,
  'session-id': KEY,
};
const LINES = Object.entries(CREDENTIALS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

let folder: string;
let upstream: ScriptedUpstream;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'refrain-'));
  upstream = await startUpstream(answerAll);
  writeFileSync(join(folder, 'named.json'), '{"upstreams":{"gone":"http://127.0.0.1:1/v1"}}');
});

afterEach(async () => {
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(flags: readonly string[]): Child {
  const report = `--report-on-signal --report-on-fatalerror --report-directory=${folder}`;
  const timeouts = ['--timeouts-first-byte', '1', '--timeouts-idle', '1'];
  const settings = [
    '--port',
    '0',
    '--admin-port',
    '0',
    '--config',
    'named.json',
    '--upstream',
    `${upstream.url}/v1`,
    '--log-level',
    'trace',
    '--max-request-bytes',
    '100000',
  ];
  const child = new Child([...settings, ...timeouts, ...flags], folder, { NODE_OPTIONS: report });
  onTestFinished(() => child.end());
  return child;
}

/** The upstream gives away what it was sent, as OpenAI does in part. */
const refuse =
  (status: number): Script =>
  (call) =>
    sendJson(call, errorAnswer(`Incorrect API key provided: ${KEY}`), status);
const accept: Script = (call) => sendJson(call, '{}');
const repeat: Script = (call: Call) => sendJson(call, chatAnswer(REPEATED));

const chat = (about: string, others: object = {}) => chatRequest(`${PROMPT} ${about}`, others);

/** Everything that a request can come to, each with what the upstream does. */
const WAYS: readonly (readonly [string, Script, (api: string) => Promise<unknown>])[] = [
  ['kept', answerAll, (api) => ask(api + CHAT, { body: chat('kept'), headers: CREDENTIALS })],
  ['found', answerAll, (api) => ask(api + CHAT, { body: chat('kept'), headers: CREDENTIALS })],
  [
    'explained',
    answerAll,
    (api) => ask(api + CHAT, { body: chat('explained'), headers: { ...CREDENTIALS, 'x-refrain-debug': '1' } }),
  ],
  [
    'shown in a cookie',
    answerAll,
    (api) => ask(api + CHAT, { body: chat('cookie'), headers: { ...CREDENTIALS, cookie: `session=${KEY}` } }),
  ],
  [
    'shown in a header of another API',
    answerAll,
    (api) => ask(api + CHAT, { body: chat('header'), headers: { 'x-goog-api-key': KEY } }),
  ],
  ['shown in the query', answerAll, (api) => ask(`${api}${CHAT}?alt=json&key=${KEY}`, { body: chat('query') })],
  [
    'streamed',
    (call) => sendStream(call, chatEvents()),
    (api) => ask(api + CHAT, { body: chat('streamed', { stream: true }), headers: CREDENTIALS }),
  ],
  ['repeated', repeat, (api) => ask(api + CHAT, { body: chatRequest(REPEATED), headers: CREDENTIALS })],
  ['relayed', accept, (api) => ask(`${api}/v1/files`, { body: `${PROMPT} file`, headers: CREDENTIALS })],
  [
    'not stored',
    answerAll,
    (api) => ask(api + CHAT, { body: chat('no-store'), headers: { ...CREDENTIALS, 'cache-control': 'no-store' } }),
  ],
  ['refused by the upstream', refuse(401), (api) => ask(api + CHAT, { body: chat('401'), headers: CREDENTIALS })],
  ['failed by the upstream', refuse(500), (api) => ask(api + CHAT, { body: chat('500'), headers: CREDENTIALS })],
  [
    'wrong with 200',
    (call) => sendJson(call, errorAnswer(KEY)),
    (api) => ask(api + CHAT, { body: chat('error'), headers: CREDENTIALS }),
  ],
  [
    'cut',
    resetAfter(chatEvents()[0] as string),
    (api) => ask(api + CHAT, { body: chat('cut', { stream: true }), headers: CREDENTIALS }),
  ],
  [
    'hung up on',
    ({ response }) => response.socket?.destroy(),
    (api) => ask(api + CHAT, { body: chat('hung up'), headers: CREDENTIALS }),
  ],
  ['never answered', () => {}, (api) => ask(api + CHAT, { body: chat('timeout'), headers: CREDENTIALS })],
  ['stalled', beginStream, (api) => ask(api + CHAT, { body: chat('stalled', { stream: true }), headers: CREDENTIALS })],
  ['unreachable', answerAll, (api) => ask(`${api}/gone${CHAT}`, { body: chat('gone'), headers: CREDENTIALS })],
  ['too large', answerAll, (api) => ask(api + CHAT, { body: chat('x'.repeat(200_000)), headers: CREDENTIALS })],
  ['no JSON', accept, (api) => ask(api + CHAT, { body: `${PROMPT} {`, headers: CREDENTIALS })],
  [
    'with a control that is wrong',
    answerAll,
    (api) => ask(api + CHAT, { body: chat('control'), headers: { ...CREDENTIALS, 'x-refrain-ttl': 'soon' } }),
  ],
  [
    'malformed',
    answerAll,
    (api) => converse(api, `POST ${CHAT} HTTP/1.1\r\n${LINES}authorization : Bearer ${KEY}\r\n\r\n${PROMPT}`),
  ],
  [
    'to elsewhere',
    answerAll,
    (api) => converse(api, `GET http://${KEY}@x/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${LINES}\r\n`),
  ],
  ['with a body that ends early', answerAll, (api) => leaveEarly(api)],
  [
    'left',
    beginStream,
    async (api) => (await begin(api + CHAT, { body: chat('left', { stream: true }), headers: CREDENTIALS })).hangUp(),
  ],
];

async function leaveEarly(api: string): Promise<void> {
  const thrown = new Thrown(api, [
    Buffer.from(`POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${LINES}content-length: 500\r\n\r\n${PROMPT}`),
  ]);
  await thrown.connected;
  thrown.end();
  await thrown.heard;
}

/** The admin API's answers about these, and about what is kept under `digits`. */
async function askAdmin(admin: string, digits: string): Promise<string> {
  const a = { path: CHAT, headers: CREDENTIALS, body: chat('kept') };
  const documents = [
    { a, key: digits },
    { a, b: { ...a, headers: { ...CREDENTIALS, authorization: `Bearer ${KEY}2` } } },
    { a: { ...a, headers: { authorization: 5 } }, b: a },
    { a: { ...a, path: KEY }, b: a },
    { a, key: KEY },
  ];
  const texts = [...documents.map((document) => JSON.stringify(document)), `{"a":"${KEY}`];
  const answers = await Promise.all(texts.map((body) => ask(`${admin}/explain`, { body, headers: CREDENTIALS })));
  for (const path of ['/healthz', '/readyz', '/elsewhere'])
    answers.push(await ask(admin + path, { headers: CREDENTIALS }));
  return answers.map(({ text, rawHeaders }) => text + rawHeaders.join()).join('\n');
}

/** Sends the secrets through all ways. @returns our own answers, not the upstream's, and the digits of a kept one */
async function goAllWays(api: string): Promise<{ readonly ours: string; readonly digits: string }> {
  const answered: string[] = [];
  let digits = '';
  for (const [, script, go] of WAYS) {
    upstream.script = script;
    const answer = await go(api);
    const text =
      JSON.stringify(answer, (_key, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString() : value,
      ) ?? '';
    answered.push(text);
    digits ||= /"x-refrain-key":"(\w+)"/.exec(text)?.[1] ?? '';
  }
  return { ours: answered.filter((text) => text.includes('refrain_error')).join('\n'), digits };
}

/** Nothing of the credential is in any file or line, and of the prompts only what may be kept is in the store. */
function expectDiscretion(children: readonly Child[], keepsPrompts: boolean): void {
  const files = filesIn(folder);
  const whereIs = (text: string) =>
    [...files].filter(([, bytes]) => tracesIn(bytes, text).length > 0).map(([name]) => name);
  for (const [name, bytes] of files) expect(tracesIn(bytes, KEY), name).toEqual([]);
  for (const child of children) {
    const lines = child.stdout.join('\n') + child.stderr;
    for (const secret of [KEY, PROMPT, REPEATED]) expect(tracesIn(lines, secret)).toEqual([]);
  }
  expect(children[0]?.stderr).toContain('"level":"debug"');
  expect(whereIs(REPEATED).filter((name) => !/^\.refrain\/cache\.sqlite/.test(name))).toEqual([]);
  expect(whereIs(REPEATED)).not.toEqual([]);
  expect(whereIs(PROMPT).filter((name) => !/^\.refrain\/cache\.sqlite/.test(name))).toEqual([]);
  expect(whereIs(PROMPT).length > 0).toBe(keepsPrompts);
}

describe('nothing is left of a credential, and of a prompt only what is to be kept,', () => {
  for (const [keepsPrompts, signals] of [
    [true, ['SIGKILL', 'SIGABRT', 'SIGTERM']],
    [false, ['SIGTERM']],
  ] as const) {
    test(`where prompts are ${keepsPrompts ? '' : 'not '}kept`, async () => {
      const children: Child[] = [];
      const begun = async () => {
        const child = run(['--store-prompts', String(keepsPrompts)]);
        children.push(child);
        return { child, ...(await child.ready()) };
      };
      let { child, api, admin } = await begun();
      const { ours, digits } = await goAllWays(api);
      const told = await askAdmin(admin, digits);
      expect(ours.match(/"code\\*":\\*"(\w+)/g)?.length).toBeGreaterThan(8);
      expect([tracesIn(ours, KEY), tracesIn(ours, PROMPT), tracesIn(told, KEY)]).toEqual([[], [], []]);
      child.signal('SIGUSR2');
      await child.says('Node.js report completed');
      expectDiscretion(children, keepsPrompts);
      for (const [at, signal] of signals.entries()) {
        if (at > 0) ({ child, api } = await begun());
        upstream.script = beginStream;
        const live = await begin(api + CHAT, { body: chat(signal, { stream: true }), headers: CREDENTIALS });
        child.signal(signal);
        await live.ended;
        await child.exited;
        expectDiscretion(children, keepsPrompts);
      }
    });
  }
});

test('files are readable by their owner alone, whatever the mask of the process', async () => {
  const before = process.umask(0);
  const child = run([]);
  process.umask(before);
  const { api, admin } = await child.ready();
  const { headers } = await ask(api + CHAT, { body: chat('kept'), headers: CREDENTIALS });
  await askAdmin(admin, String(headers['x-refrain-key']));
  const modes = [...filesIn(join(folder, '.refrain')).keys()]
    .sort()
    .map((name) => [name, statSync(join(folder, '.refrain', name)).mode & 0o777]);
  expect(modes).toEqual([
    ['cache.sqlite', 0o600],
    ['cache.sqlite-shm', 0o600],
    ['cache.sqlite-wal', 0o600],
    ['secret', 0o600],
  ]);
  expect(statSync(join(folder, '.refrain')).mode & 0o777).toBe(0o700);
});

test('a secret is found in each of its spellings', () => {
  for (const [what, spelled] of spellings(KEY))
    expect(tracesIn(Buffer.concat([Buffer.from('before'), spelled, Buffer.from('after')]), KEY), what).toContain(what);
  for (const before of ['', 'u:', 'u', 'Bearer ', 'xx'])
    expect(tracesIn(Buffer.from(`${before}${KEY} and more`).toString('base64'), KEY), before).toHaveLength(1);
  expect(tracesIn(KEY.slice(0, -1), KEY)).toEqual([]);
});
