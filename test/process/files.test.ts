import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { Child } from '../harness/child.ts';
import { processTest } from '../harness/process-harness.ts';
import { countTicks } from '../harness/ticks.ts';

interface Cast {
  readonly run: (flags?: readonly string[]) => Child;
  /** Where the files are. */
  readonly place: string;
}

const test = processTest.extend<Cast>({
  run: async ({ folder, upstream }, use) => {
    const children: Child[] = [];
    await use((flags = []) => {
      const child = new Child(
        ['--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`, ...flags],
        folder,
        {},
      );
      children.push(child);
      return child;
    });
    for (const child of children) await child.end();
  },
  place: async ({ folder }, use) => use(join(folder, '.refrain')),
});

const ASKING = { body: chatRequest() };
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

async function takenPort(): Promise<string> {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  return String((taken.address() as AddressInfo).port);
}

describe('a start', () => {
  for (const flag of ['--port', '--admin-port']) {
    test(`that cannot have its ${flag.slice(2)} leaves no file`, async ({ run, folder }) => {
      const child = run([flag, await takenPort()]);
      expect(await child.exited).toEqual({ code: 1, signal: null });
      expect(readdirSync(folder)).toEqual([]);
    });
  }

  test("over a running proxy's port changes none of its files", async ({ run, place }) => {
    const first = run();
    const { api } = await first.ready();
    await ask(api + CHAT, ASKING);
    const second = run(['--port', new URL(api).port]);
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect((await ask(api + CHAT, ASKING)).headers['x-cache']).toBe('HIT');
    expect(readdirSync(place).filter((name) => name.includes('corrupt'))).toEqual([]);
  });

  for (const [what, put] of [
    [
      "another program's database",
      (path: string) => {
        const database = new DatabaseSync(path);
        database.exec(`CREATE TABLE moz_places (url TEXT); INSERT INTO moz_places VALUES ('https://example.org')`);
        database.close();
      },
    ],
    ['a text', (path: string) => writeFileSync(path, 'Dear diary,\n'.repeat(100))],
  ] as const) {
    test(`over ${what} is refused in one line that says what to do, and leaves all as it is`, async ({
      run,
      folder,
    }) => {
      const path = join(folder, 'places.sqlite');
      put(path);
      chmodSync(path, 0o600);
      const bytes = readFileSync(path);
      const child = run(['--store-path', path]);
      expect(await child.exited).toEqual({ code: 2, signal: null });
      const [last = ''] = child.stderr.trimEnd().split('\n').slice(-1);
      expect(last).toMatch(
        new RegExp(
          `^refrain: ${path} cannot be used: it is .*; ` +
            `choose another path with --store-path, or move away what is there$`,
        ),
      );
      expect(child.stdout).toEqual([]);
      expect(readFileSync(path).equals(bytes)).toBe(true);
      expect(readdirSync(folder)).toEqual(['places.sqlite']);
    });
  }

  for (const [what, text] of [
    ['too short', 'abcdef'],
    ['no hexadecimal', 'x'.repeat(64)],
    ['longer than it should be', 'ab'.repeat(33)],
    ['followed by something else', `${'ab'.repeat(32)} zz`],
    ['empty', ''],
  ] as const) {
    test(`with a secret that is ${what} is refused in one line`, async ({ run, place }) => {
      mkdirSync(place);
      writeFileSync(join(place, 'secret'), text, { mode: 0o600 });
      const child = run();
      expect(await child.exited).toEqual({ code: 2, signal: null });
      expect(child.stderr).toMatch(
        /^refrain: \S+secret is not a secret of 64 hexadecimal digits; restore it, or remove it .*\n$/,
      );
      expect(readFileSync(join(place, 'secret'), 'utf8')).toBe(text);
    });
  }

  test('takes files that others can read from them, and says so', async ({ run, place }) => {
    const first = run();
    const { api } = await first.ready();
    await ask(api + CHAT, { ...ASKING, headers: { authorization: 'Bearer sk-1' } });
    first.signal('SIGTERM');
    await first.exited;
    // As a process leaves them that was killed.
    const log = join(place, 'cache.sqlite-wal');
    writeFileSync(log, '');
    const names = ['secret', 'cache.sqlite', 'cache.sqlite-wal', 'ledger.sqlite', 'callers.json'];
    for (const name of names) chmodSync(join(place, name), 0o644);
    const second = run();
    const again = await second.ready();
    for (const name of names) expect([name, modeOf(join(place, name))]).toEqual([name, '600']);
    expect(modeOf(join(place, 'cache.sqlite-shm'))).toBe('600');
    for (const whose of [
      'could read the secret',
      'could read the files of the disk store',
      'could read the files of the usage ledger',
      'could read what upstreams said of credentials',
    ])
      expect(second.stderr).toContain(`others ${whose}`);
    expect(
      (await ask(again.api + CHAT, { ...ASKING, headers: { authorization: 'Bearer sk-1' } })).headers['x-cache'],
    ).toBe('HIT');
  });
});

describe('two processes over one file', () => {
  test('serve nothing that one of them has purged', async ({ run }) => {
    const proxies = [await run().ready(), await run().ready()] as const;
    for (const { api } of proxies) for (let round = 0; round < 2; round += 1) await ask(api + CHAT, ASKING);
    const [one, other] = proxies;
    expect((await ask(other.api + CHAT, ASKING)).headers['cache-status']).toMatch(/detail=memory$/);
    expect((await ask(`${one.admin}/purge`, { body: { all: true } })).status).toBe(200);
    const elapsed = countTicks();
    const isServed = async () =>
      (await ask(other.api + CHAT, { ...ASKING, headers: { 'cache-control': 'only-if-cached' } })).headers[
        'x-cache'
      ] === 'HIT';
    while (await isServed()) continue;
    // A second is promised; the rest is for a machine that is busy.
    expect(elapsed()).toBeLessThan(2_500);
  });
});
