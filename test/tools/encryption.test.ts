/**
 * A secret of the operator's and encryption at rest, as a person sets them up:
 * what a start refuses, what lies on the disk, and what commands show of it.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Finding } from '../../src/admin/findings.ts';
import { CHAT, chatAnswer, chatRequest, says } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { type Cast, test } from '../cli/command.ts';

const DIGITS = '0123456789abcdef'.repeat(4);
const OTHER_DIGITS = 'fedcba9876543210'.repeat(4);
const QUESTION = 'who keeps the lighthouse of Finisterre';
const ANSWER = 'a retired cartographer named Ysolde';

/** A secret file outside the folder of the store. */
function secretIn(folder: string, digits = DIGITS, mode = 0o600): string {
  mkdirSync(join(folder, 'secrets'), { recursive: true });
  const path = join(folder, 'secrets', 'refrain');
  writeFileSync(path, `${digits}\n`, { mode });
  return path;
}

const encrypted = (folder: string) => ['--secret-file', secretIn(folder), '--store-encrypt', 'secret'];

/** Asks once, and again whether it is a hit, and stops the proxy. @returns the key and both outcomes */
async function askTwice({ proxy, upstream }: Pick<Cast, 'proxy' | 'upstream'>, flags: readonly string[]) {
  upstream.script = says(chatAnswer(ANSWER));
  const running = await proxy(flags);
  const outcomes = [];
  let key = '';
  for (let round = 0; round < 2; round += 1) {
    const { headers, text } = await ask(running.api + CHAT, {
      body: chatRequest(QUESTION),
      headers: { authorization: 'Bearer sk-of-one', 'x-refrain-tags': 'nightly' },
    });
    expect(text).toContain(ANSWER);
    key = String(headers['x-refrain-key']);
    outcomes.push(headers['x-cache']);
  }
  running.child.signal('SIGTERM');
  await running.child.exited;
  return { key, outcomes, log: running.child.stderr };
}

/** The bytes of all files that a proxy has left. */
function leftIn(folder: string): string {
  const place = join(folder, '.refrain');
  return readdirSync(place)
    .map((name) => readFileSync(join(place, name)).toString('latin1'))
    .join('\n');
}

describe('an encrypted store', () => {
  test('holds no word of question and answer, and is served after a restart', async ({ proxy, upstream, folder }) => {
    const first = await askTwice({ proxy, upstream }, encrypted(folder));
    expect(first.outcomes).toEqual(['MISS', 'HIT']);
    const again = await askTwice({ proxy, upstream }, encrypted(folder));
    expect(again).toMatchObject({ key: first.key, outcomes: ['HIT', 'HIT'] });
    expect(again.log).not.toContain('"warn"');
    const left = leftIn(folder);
    for (const text of [QUESTION, ANSWER])
      for (const word of [...text.split(' '), Buffer.from(text).toString('base64').slice(0, 20)])
        if (word.length > 4) expect(left.includes(word), word).toBe(false);
    expect(left).not.toContain('chatcmpl-1');
    expect(left).not.toContain(DIGITS);
    expect(existsSync(join(folder, '.refrain', 'secret'))).toBe(false);
    for (const { log } of [first, again]) expect(log).not.toContain(DIGITS);
  });

  test('would hold them in the clear without encryption', async ({ proxy, upstream, folder }) => {
    await askTwice({ proxy, upstream }, ['--secret-file', secretIn(folder)]);
    for (const text of [QUESTION, ANSWER]) expect(leftIn(folder).includes(text)).toBe(true);
  });

  test('is listed without its secret, and shown and searched with it', async ({ proxy, refrain, upstream, folder }) => {
    const flags = encrypted(folder);
    const { key } = await askTwice({ proxy, upstream }, flags);
    const listed = async (args: readonly string[]) => {
      const { out, err } = await refrain(['ls', '--json', ...args]);
      return { keys: JSON.parse(out).entries.map((row: { key: string }) => row.key.slice(0, 16)), err };
    };
    const about = ['--text', 'lighthouse'];
    expect((await listed(['--tag', 'nightly', '--model', 'gpt-test'])).keys).toEqual([key]);
    const without = await listed(about);
    expect(without.keys).toEqual([]);
    expect(without.err).toContain(
      'refrain: what is encrypted was not searched; give its secret by REFRAIN_SECRET_FILE or REFRAIN_SECRET\n',
    );
    expect((await listed([...about, ...flags])).keys).toEqual([key]);
    const hidden = await refrain(['show', key, '--secret', OTHER_DIGITS]);
    expect(hidden).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('by a secret that is not given here'),
    });
    const shown = await refrain(['show', key, ...flags]);
    expect(shown.out).toContain(QUESTION);
    expect(shown.out).toContain(ANSWER);
    expect((await refrain(['show', key], { REFRAIN_SECRET: DIGITS })).out).toContain(ANSWER);
  });

  test('of a proxy that runs is shown and searched by its admin API', async ({ proxy, refrain, folder }) => {
    const { api } = await proxy(encrypted(folder));
    const { headers } = await ask(api + CHAT, { body: chatRequest(QUESTION) });
    expect((await refrain(['show', String(headers['x-refrain-key'])])).out).toContain(QUESTION);
    expect(JSON.parse((await refrain(['ls', '--json', '--text', 'lighthouse'])).out).entries).toHaveLength(1);
    const { out } = await refrain(['doctor', '--json', '--secret-file', join(folder, 'secrets', 'refrain')]);
    expect(out).not.toContain(DIGITS);
  });

  test('goes on with an answer from before it was encrypted', async ({ proxy, upstream, folder }) => {
    const file = ['--secret-file', secretIn(folder)];
    await askTwice({ proxy, upstream }, file);
    expect((await askTwice({ proxy, upstream }, encrypted(folder))).outcomes).toEqual(['HIT', 'HIT']);
  });
});

describe('a secret that is given', () => {
  test('makes the same keys on two machines, and another one others', async ({ proxy, upstream, folder }) => {
    const at = (name: string, digits: string) =>
      askTwice({ proxy, upstream }, ['--store-path', join(folder, name, 'cache.sqlite'), '--secret', digits]);
    const [one, same, other] = [await at('a', DIGITS), await at('b', DIGITS), await at('c', OTHER_DIGITS)];
    expect(same.key).toBe(one.key);
    expect(other.key).not.toBe(one.key);
    expect(readdirSync(join(folder, 'a'))).not.toContain('secret');
  });

  test('is the one that was kept beside the store, if that is given', async ({ proxy, upstream, folder }) => {
    const before = await askTwice({ proxy, upstream }, []);
    const kept = readFileSync(join(folder, '.refrain', 'secret'), 'utf8').trim();
    expect(await askTwice({ proxy, upstream }, ['--secret', kept])).toMatchObject({
      key: before.key,
      outcomes: ['HIT', 'HIT'],
    });
  });

  test('is taken from others who can read its file, which is said', async ({ proxy, upstream, folder }) => {
    const path = secretIn(folder, DIGITS, 0o644);
    chmodSync(path, 0o644);
    const { log } = await askTwice({ proxy, upstream }, ['--secret-file', path]);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(log).toContain('others could read the secret; now its owner alone can');
  });

  for (const [what, text, message] of [
    ['is missing', null, /^refrain: there is no secret at \S+\/key; make one with `openssl rand -hex 32 > \S+\/key`, /],
    ['is none', 'hunter2', /^refrain: \S+\/key is not a secret of 64 hexadecimal digits; put one there that is, /],
  ] as const) {
    test(`in a file that ${what} is refused in one line`, async ({ refrain, folder }) => {
      const path = join(folder, 'key');
      if (text !== null) writeFileSync(path, text, { mode: 0o600 });
      const { code, err } = await refrain(['start', '--port', '0', '--admin-port', '0', '--secret-file', path]);
      expect(code).toBe(2);
      expect(err).toMatch(message);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
      expect(err).not.toContain('hunter2');
      expect(existsSync(path)).toBe(text !== null);
      expect(existsSync(join(folder, '.refrain'))).toBe(false);
    });
  }
});

describe('the doctor', () => {
  const finding = async (refrain: Cast['refrain'], flags: readonly string[], environment?: Record<string, string>) => {
    const { out } = await refrain(['doctor', '--json', '--port', '0', '--admin-port', '0', ...flags], environment);
    expect(out).not.toContain(DIGITS);
    return JSON.parse(out).checks.find(({ check }: Finding) => check === 'secret');
  };

  test('says where the secret is from, and who can read it', async ({ refrain, folder }) => {
    const path = secretIn(folder);
    const file = ['--secret-file', path];
    expect(await finding(refrain, file)).toMatchObject({ state: 'ok', says: `${path} is one` });
    expect(
      await finding(refrain, ['--store-encrypt', 'secret', '--store-path', 'off'], { REFRAIN_SECRET: DIGITS }),
    ).toMatchObject({ state: 'ok', says: 'REFRAIN_SECRET gives it, and encrypts what is stored' });
    expect(await finding(refrain, ['--secret', DIGITS])).toMatchObject({
      state: 'warning',
      says: '--secret gives it, where every user of this machine can read it',
    });
    chmodSync(path, 0o640);
    expect(await finding(refrain, file)).toMatchObject({ state: 'warning', says: `others can read ${path}` });
    expect(await finding(refrain, ['--secret-file', join(folder, 'gone')])).toMatchObject({
      state: 'failure',
      says: expect.stringMatching(/^there is no secret at /),
    });
  });
});
