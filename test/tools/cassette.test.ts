/**
 * Tests that never call out, as a project has them: recorded with OpenAI's clients and curl, committed, and replayed
 * from a checkout on another machine, which has neither a network nor the upstream.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import {
  chatAnswer,
  chatChunk,
  chatEvents,
  embeddingsAnswer,
  modelsAnswer,
  responseAnswer,
  sendJson,
  sendStream,
} from '../harness/answers.ts';
import { processTest as test } from '../harness/process-harness.ts';
import type { Call } from '../harness/upstream.ts';

const exec = promisify(execFile);
const [MAIN, PROJECT, MODULES] = ['../../src/main.js', './cassette-project', '../../node_modules'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
) as [string, string, string];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs words in a folder, whatever they end with. */
async function run(cwd: string, words: readonly string[], env: Record<string, string>): Promise<Ended> {
  const [file = '', ...args] = words;
  const options = { cwd, env: { PATH: process.env['PATH'] ?? '', ...env }, maxBuffer: 64 * 1024 * 1024 };
  try {
    return { code: 0, ...(await exec(file, args, options)) };
  } catch (error) {
    return error as Ended;
  }
}

const refrainRun = (flags: readonly string[], command: readonly string[]) => [
  process.execPath,
  MAIN,
  'run',
  '--cassette',
  'test/llm.cassette',
  ...flags,
  '--',
  ...command,
];

/** Has a name and a network of its own, in which there is nothing but loopback. */
const onAnotherMachine = (words: readonly string[]) => [
  'unshare',
  '-rnu',
  'sh',
  '-c',
  'hostname elsewhere && ip link set lo up && exec "$@"',
  'sh',
  ...words,
];

const ALL = ['sh', '-c', 'node ask.mjs && "$PYTHON" ask.py && sh ask.sh'];

interface Asked {
  readonly stream?: boolean;
  readonly input?: string | readonly string[];
  readonly encoding_format?: 'float' | 'base64';
}

/** The upstream's, by the end of the path. */
const ANSWERS: Readonly<Record<string, (number: number, asked: Asked) => string>> = {
  completions: (number) => chatAnswer(`Salt\r\nwater ${number}.`),
  responses: (number) => responseAnswer(`Sea ${number}`, `resp_${number}`),
  conversations: (number) => JSON.stringify({ id: `conv_${number}` }),
  embeddings: (_, { input, encoding_format }) => embeddingsAnswer([input].flat().length, encoding_format),
  models: modelsAnswer,
  content: (number) => `{ "pretty":\r\n\t${number} }\n`,
};

/** Each answer is another one, so that a replay in another order shows. */
function serve(): (call: Call) => void {
  let count = 0;
  return (call) => {
    const number = ++count;
    const asked: Asked = call.headers['content-type'] === 'application/json' ? JSON.parse(call.body.toString()) : {};
    if (asked.stream) return sendStream(call, chatEvents([`${number} `, 'wäter 🌊', '\u2028.']));
    const [, end = ''] = /([^/?]+)(\?.*)?$/.exec(call.url) ?? [];
    const file = JSON.stringify({ id: `file-${number}`, object: 'file', bytes: call.body.length });
    sendJson(call, ANSWERS[end]?.(number, asked) ?? file);
  };
}

test('a project is recorded, committed, and replayed anywhere without a call', async ({ folder, upstream }) => {
  upstream.script = serve();
  const [here, there] = [join(folder, 'project'), join(folder, 'elsewhere', 'checkout')];
  const python = join(folder, 'python', 'bin', 'python');
  await exec('python3', ['-m', 'venv', join(folder, 'python')]);
  await exec(python, ['-m', 'pip', 'install', '--quiet', 'openai']);
  cpSync(PROJECT, here, { recursive: true });
  writeFileSync(join(here, 'sea.bin'), Buffer.from(Array.from({ length: 2_000 }, (_, at) => (at * at + 3) % 256)));
  writeFileSync(join(here, '.gitattributes'), '*.sh -text\n*.bin -text\n');
  writeFileSync(join(here, '.gitignore'), 'node_modules\n');
  symlinkSync(MODULES, join(here, 'node_modules'));

  const mine = { USER: 'annette', HOME: join(folder, 'annette'), TZ: 'Europe/Berlin', OPENAI_API_KEY: 'sk-of-ann' };
  const live = await run(here, refrainRun([], ALL), {
    ...mine,
    PYTHON: python,
    OPENAI_BASE_URL: `${upstream.url}/v1`,
  });
  expect(live).toMatchObject({ code: 0, stderr: expect.stringMatching(/^refrain: \d+ hits, .* 0 unrecorded,/m) });
  const calls = upstream.calls.length;
  expect(calls).toBeGreaterThan(20);
  upstream.script = () => Promise.reject(new Error('it was asked'));

  const file = readFileSync(join(here, 'test/llm.cassette'), 'utf8');
  for (const ours of ['sk-of-ann', 'annette', '127.0.0.1', folder]) expect(file).not.toContain(ours);
  expect(file).not.toMatch(/stainless|user-agent|idempotency|node\/|x64|linux/i);
  const git = (...words: string[]) => exec('git', words, { cwd: here });
  await git('init', '--quiet');
  await git('add', '--all');
  const { stdout: added } = await git('status', '--porcelain');
  expect(added).not.toMatch(/\.refrain|\.pending/);
  await git('-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', 'commit', '--quiet', '-m', 'Record');
  await git('-c', 'core.autocrlf=true', 'clone', '--quiet', here, there);
  const checkedOut = readFileSync(join(there, 'test/llm.cassette'), 'utf8');
  expect(checkedOut).toContain('\r\n---\r\n');
  symlinkSync(MODULES, join(there, 'node_modules'));

  const theirs = {
    USER: 'bob',
    HOME: join(folder, 'bob'),
    XDG_CONFIG_HOME: join(folder, 'bob/config'),
    TZ: 'Asia/Tokyo',
    CI: '1',
    OPENAI_API_KEY: 'sk-of-bob',
    OPENAI_BASE_URL: 'https://api.elsewhere.example/openai/v1',
    PYTHON: python,
  };
  const again = (command: readonly string[], flags: readonly string[] = []) =>
    run(there, onAnotherMachine(refrainRun(flags, command)), theirs);
  const replayed = await again(ALL);
  expect(replayed.stderr).toMatch(/^refrain: \d+ hits, 0 misses, 0 unrecorded; /m);
  expect(replayed.code).toBe(0);
  expect(replayed.stdout).toBe(live.stdout);
  expect(readFileSync(join(there, 'test/llm.cassette'), 'utf8')).toBe(checkedOut);

  // One prompt is another one.
  const asked = readFileSync(join(there, 'ask.mjs'), 'utf8');
  writeFileSync(join(there, 'ask.mjs'), asked.replace('What is the sea?', 'What is the sky?'));
  const swallowed = await again(['sh', '-c', 'node ask.mjs 2>/dev/null || true']);
  const failed = await again(['sh', '-c', 'node ask.mjs || exit 41']);
  expect([swallowed.code, failed.code]).toEqual([3, 41]);
  for (const { stderr } of [swallowed, failed]) {
    expect(stderr).toMatch(/^ {2}POST \/chat\/completions gpt-test “What is the sky\?”: offline$/m);
    expect(stderr).toMatch(
      /^ {4}nearest is [0-9a-f]{16} “What is the sea\?”, which differs at \/messages\/1\/content$/m,
    );
  }
  expect(failed.stderr).toMatch(/504 .*the nearest is [0-9a-f]{16} .* differs at \/messages\/1\/content/);
  expect(upstream.calls).toHaveLength(calls);
});

test('no route is asked for beyond the machine', async ({ folder }) => {
  const routes = readFileSync(new URL('../fixtures/routes.txt', import.meta.url), 'utf8');
  writeFileSync(join(folder, 'routes.txt'), routes.replaceAll(/\{[^}]*\}/g, 'x'));
  const script = `(async () => {
    for (const line of require('node:fs').readFileSync('routes.txt', 'utf8').trim().split('\\n')) {
      const [method, path] = line.split(' ');
      const body = method === 'POST' ? { body: '{}' } : {};
      const answer = await fetch(process.env.OPENAI_BASE_URL + path, { method, ...body });
      console.log(answer.status);
    }
  })()`;
  const words = refrainRun(['--offline', '--no-strict'], [process.execPath, '-e', script]);
  const { code, stdout } = await run(folder, onAnotherMachine(words), { HOME: folder });
  expect(code).toBe(0);
  const statuses = stdout.trim().split('\n');
  expect(statuses).toHaveLength(routes.trim().split('\n').length);
  expect(new Set(statuses)).toEqual(new Set(['504']));
});

const SECRET = ['AKIA', '3SGQ7HTKZ2LWVXNB'].join('');

/** A command that asks for each of these places of a secret. */
const asksAbout = (secret: string) => `(async () => {
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"with":"${secret}"}' } };
  const ask = async (more) => {
    const body = JSON.stringify({ model: 'gpt-test', messages: [{ role: 'user', content: 'x' }], ...more });
    const answer = await fetch(process.env.OPENAI_BASE_URL + '/chat/completions', { method: 'POST', body });
    console.log(answer.status, answer.headers.get('x-cache'));
    await answer.text();
  };
  await ask({ messages: [{ role: 'user', content: 'My key is ${secret}.' }] });
  await ask({ messages: [{ role: 'assistant', tool_calls: [call] }] });
  await ask({ seed: 1 });
  await ask({ stream: true });
})()`;

test('a secret is refused wherever it stands; redacted, it is not in the file and hits', async ({
  folder,
  upstream,
}) => {
  upstream.script = (call) => {
    const { stream, seed } = JSON.parse(call.body.toString());
    const [one, other] = [SECRET.slice(0, 9), SECRET.slice(9)];
    if (!stream) return sendJson(call, chatAnswer(seed ? `It is ${SECRET}.` : 'Thanks.'));
    sendStream(call, [chatChunk({ content: one }), chatChunk({ content: other }), chatChunk({}, 'stop'), DONE]);
  };
  const environment = { HOME: folder, OPENAI_BASE_URL: `${upstream.url}/v1` };
  const asking = (secret: string, ...flags: string[]) =>
    run(folder, refrainRun(flags, [process.execPath, '-e', asksAbout(secret)]), environment);
  const refused = await asking(SECRET, '--strict');
  expect(refused.code).toBe(3);
  expect(refused.stderr.match(/: secret: /g)).toHaveLength(4);
  expect(refused.stderr).not.toContain(SECRET);
  expect(() => readFileSync(join(folder, 'test/llm.cassette'))).toThrow('ENOENT');

  const redacted = await asking(SECRET, '--strict', '--redact-pattern', 'AKIA[A-Z0-9]{16}');
  expect(redacted).toMatchObject({ code: 0, stdout: '200 MISS\n'.repeat(4) });
  const file = readFileSync(join(folder, 'test/llm.cassette'), 'utf8');
  for (const part of [SECRET.slice(0, 9), SECRET.slice(9)]) expect(file).not.toContain(part);
  const replayed = await asking(SECRET.replace('7', '4'), '--strict', '--offline');
  expect(replayed).toMatchObject({ code: 0, stdout: '200 HIT\n'.repeat(4) });
  expect(upstream.calls).toHaveLength(8);
});

const DONE = 'data: [DONE]\n\n';

/** One that takes longer to read than a start waits for, and is none in its last document. */
function writeLargeCassette(path: string): void {
  const exchange = (name: string, status: string) =>
    `---\nrequest:\n  method: POST\n  path: /files\n  body: ${name}\nanswer:\n  status: ${status}\n  body: |-\n` +
    `${`    ${'Salt water. '.repeat(80)}\n`.repeat(10)}...\n`;
  const header = '---\nformat: refrain-cassette\nversion: 1\nupstreams:\n  default: openai\n...\n';
  const exchanges = Array.from({ length: 16_000 }, (_, at) => exchange(`x${at}`, '200 OK'));
  writeFileSync(path, [header, ...exchanges, exchange('last', 'fine')].join(''));
}

test('a cassette that turns out to be none once requests are answered ends the process', async ({ folder }) => {
  mkdirSync(join(folder, 'test'));
  writeLargeCassette(join(folder, 'test/llm.cassette'));
  const start = [process.execPath, MAIN, 'start', '--port', '0', '--admin-port', '0'];
  const started = await run(folder, [...start, '--cassette', 'test/llm.cassette'], { HOME: folder });
  const waiting = refrainRun([], [process.execPath, '-e', 'setInterval(() => {}, 1_000)']);
  const ran = await run(folder, waiting, { HOME: folder });
  expect(started.stdout).toMatch(/^refrain ready /);
  expect([started.code, ran.code]).toEqual([2, 125]);
  for (const { stderr } of [started, ran])
    expect(stderr).toMatch(/^refrain: \S+llm\.cassette:\d{6}: expected "answer\.status" to be a status/m);
});
