import { once } from 'node:events';
import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { answerAll, beginStream, CHAT, chatEvents, chatRequest } from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { Child } from '../harness/child.ts';
import { processTest } from '../harness/process-harness.ts';

interface Cast {
  /** @param own what makes it listen beside others */
  readonly run: (flags?: readonly string[], environment?: Record<string, string>, own?: readonly string[]) => Child;
}

const test = processTest.extend<Cast>({
  run: async ({ folder, upstream }, use) => {
    const children: Child[] = [];
    await use((flags = [], environment = {}, own = ['--port', '0', '--admin-port', '0']) => {
      const child = new Child([...own, '--upstream', `${upstream.url}/v1`, ...flags], folder, environment);
      children.push(child);
      return child;
    });
    for (const child of children) await child.end();
  },
});

const STREAM = { body: chatRequest('x', { stream: true }) };

describe('the command', () => {
  test('says on one line that it is ready and where, and serves there', async ({ run, upstream }) => {
    const child = run();
    const { api, admin, upstream: named } = await child.ready();
    expect(named).toBe(`${upstream.url}/v1`);
    expect((await ask(api + CHAT, { body: chatRequest() })).headers['x-cache']).toBe('MISS');
    expect((await ask(`${admin}/readyz`)).status).toBe(200);
    expect(child.stdout).toHaveLength(1);
  });

  test('takes a signal as soon as it says that it is ready', async ({ run }) => {
    // Sent by the write itself, before anything else can happen.
    const sent = 'process.stdout.write = (line) => (process.kill(process.pid, "SIGTERM"), true)';
    const child = run([], { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(sent)}"` });
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test('keeps its files to their owner', async ({ run, folder }) => {
    const { api } = await run().ready();
    await ask(api + CHAT, { body: chatRequest() });
    for (const name of ['secret', 'cache.sqlite'])
      expect(statSync(join(folder, '.refrain', name)).mode & 0o777, name).toBe(0o600);
    expect(statSync(join(folder, '.refrain')).mode & 0o777).toBe(0o700);
  });

  test('ends with 2 and one line on a setting that cannot be used', async ({ run, folder }) => {
    writeFileSync(join(folder, 'bad.json'), '{"memory":{"bytes":"lots"}}');
    for (const [flags, environment, named] of [
      [['--ttl', 'soon'], {}, '--ttl is "soon"; it may be'],
      [[], { REFRAIN_CACHE: 'maybe' }, 'REFRAIN_CACHE is "maybe"; it may be'],
      [['--config', 'bad.json'], {}, 'memory.bytes'],
      [['--unheard-of'], {}, '--unheard-of'],
    ] as const) {
      const child = run(flags, environment as Record<string, string>);
      expect(await child.exited).toEqual({ code: 2, signal: null });
      expect(child.stderr).toMatch(/^refrain: [^\n]+\n$/);
      expect(child.stderr).toContain(named);
    }
  });

  test('ends with 1 and says which setting to change when a port is taken', async ({ run, folder }) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const file = join(folder, 'my.json');
    writeFileSync(file, JSON.stringify({ port }));
    const ways: readonly (readonly [string, readonly string[], Record<string, string>])[] = [
      ['--port', ['--port', String(port)], { REFRAIN_ADMIN_PORT: '0' }],
      ['--admin-port', ['--admin-port', String(port)], { REFRAIN_PORT: '0' }],
      ['REFRAIN_PORT', [], { REFRAIN_PORT: String(port), REFRAIN_ADMIN_PORT: '0' }],
      ['REFRAIN_ADMIN_PORT', [], { REFRAIN_PORT: '0', REFRAIN_ADMIN_PORT: String(port) }],
      [`port in ${file}`, ['--config', file], { REFRAIN_ADMIN_PORT: '0' }],
    ];
    for (const [place, flags, environment] of ways) {
      const child = run(flags, environment, []);
      expect(await child.exited).toEqual({ code: 1, signal: null });
      expect(child.stderr).toBe(
        `refrain: cannot listen (port ${port} is in use; choose another with ${place}, or 0 for any)\n`,
      );
    }
    taken.close();
  });

  test.for([
    ['--host', ['--host', '203.0.113.5'], {}],
    ['REFRAIN_HOST', [], { REFRAIN_HOST: '203.0.113.5' }],
    ['REFRAIN_ADMIN_HOST', [], { REFRAIN_ADMIN_HOST: '203.0.113.5', REFRAIN_ADMIN_TOKEN: 'x'.repeat(32) }],
  ] as const)(
    'ends with 1 and says that the address of %s is not of this machine',
    async ([place, flags, environment], { run }) => {
      const child = run(flags, environment);
      expect(await child.exited).toEqual({ code: 1, signal: null });
      expect(child.stderr).toBe(
        `refrain: cannot listen (203.0.113.5 cannot be listened on: EADDRNOTAVAIL; ` +
          `choose an address of this machine with ${place})\n`,
      );
    },
  );

  test('names the setting of an upstream that does not answer as it was written', async ({ run, folder }) => {
    const named = { upstream: 'http://127.0.0.1:1/v1', upstreams: { other: 'http://127.0.0.1:1/v1' } };
    writeFileSync(join(folder, 'my.json'), JSON.stringify(named));
    for (const [flags, environment, path, place] of [
      [['--upstream', 'http://127.0.0.1:1/v1'], {}, CHAT, '--upstream'],
      [
        ['--config', 'my.json'],
        { REFRAIN_UPSTREAM: 'http://127.0.0.1:1/v1' },
        `/other${CHAT}`,
        'upstreams.other in my.json',
      ],
    ] as const) {
      const child = run(flags, environment);
      const { api } = await child.ready();
      const { status, text } = await ask(api + path, { body: chatRequest() });
      expect(status).toBe(502);
      expect(JSON.parse(text).error.message).toContain(`or correct ${place}.`);
      await child.says('the upstream does not answer');
      expect(child.stderr).toContain(`"setting":"${place}","reason":"ECONNREFUSED"`);
    }
  });

  test('explains itself', async ({ run }) => {
    const help = run(['--help']);
    expect(await help.exited).toEqual({ code: 0, signal: null });
    expect(help.stdout.join('\n')).toContain('--upstream');
    const version = run(['--version']);
    await version.exited;
    expect(version.stdout).toEqual([expect.stringMatching(/^refrain \d+\.\d+\.\d+$/)]);
  });
});

describe('a Node that is too old', () => {
  const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
  /** The output of the program under a Node that takes itself for another. */
  const startUnder = (version: string) =>
    new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const pretence =
        `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: ` + `'${version}' } })`;
      const flags = ['--import', `data:text/javascript,${encodeURIComponent(pretence)}`];
      execFile(process.execPath, [...flags, MAIN, '--version'], (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });

  test('is told so in one line', async () => {
    for (const version of ['16.20.2', '18.20.8', '20.20.2', '22.18.0']) {
      const stderr = `refrain: Node ${version} is too old; install Node 22.19 or newer\n`;
      expect(await startUnder(version)).toEqual({ code: 1, stdout: '', stderr });
    }
    for (const version of ['22.19.0', '23.0.0', '24.0.0', '100.1.0'])
      expect(await startUnder(version)).toMatchObject({ code: 0, stderr: '' });
  });

  test('can read the program, which loads nothing before it has looked', () => {
    const text = readFileSync(MAIN, 'utf8');
    expect(text).not.toMatch(/^\s*import\b|^await\b|\?\?|\?\.|\.#/m);
    expect(text.split('\n')[0]).not.toMatch(/--disable-warning/);
    const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    expect(text).toContain(`const LEAST_MAJOR = ${major};\nconst LEAST_MINOR = ${minor};`);
  });
});

describe('a stop', () => {
  test('comes about in good order by SIGHUP as well, where its terminal may have closed', async ({ run, upstream }) => {
    // As a terminal would be, which this process has not.
    const terminal =
      "import tty from 'node:tty'; import { syncBuiltinESMExports } from 'node:module'; " +
      'tty.isatty = (at) => at === 0; syncBuiltinESMExports()';
    const child = run([], { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(terminal)}"` });
    const { api } = await child.ready();
    upstream.script = beginStream;
    const live = await begin(api + CHAT, STREAM);
    const { response } = await upstream.called(1);
    child.signal('SIGHUP');
    await child.says('stopping');
    response.end(chatEvents().join(''));
    expect(await live.ended).toMatchObject({ text: chatEvents().join(''), broken: false });
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test('lets a running stream end, flushes the store and exits 0', async ({ run, upstream }) => {
    const child = run();
    const { api, admin } = await child.ready();
    upstream.script = beginStream;
    const live = await begin(api + CHAT, STREAM);
    const { response } = await upstream.called(1);
    child.signal('SIGTERM');
    await child.says('stopping');
    // Not ready and not listening come about in one turn; a connection made before that could still be accepted.
    while ((await ask(`${admin}/readyz`)).status !== 503) continue;
    await expect(ask(api + CHAT, STREAM)).rejects.toThrow('ECONNREFUSED');
    response.end(chatEvents().join(''));
    expect(await live.ended).toMatchObject({ text: chatEvents().join(''), broken: false });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    upstream.script = answerAll;
    const next = run();
    expect((await ask((await next.ready()).api + CHAT, STREAM)).headers).toMatchObject({
      'x-cache': 'HIT',
      'cache-status': expect.stringContaining('detail=sqlite'),
    });
  });

  test('cuts visibly what outlasts the drain deadline', async ({ run, upstream }) => {
    const child = run(['--timeouts-drain', '0']);
    const { api } = await child.ready();
    upstream.script = beginStream;
    const live = await begin(api + CHAT, STREAM);
    const { response } = await upstream.called(1);
    response.write(chatEvents()[0]);
    await live.receives(1);
    child.signal('SIGINT');
    const { text, broken } = await live.ended;
    expect(broken).toBe(true);
    expect(text).toContain('event: error\ndata: {"type":"error",');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test('at a second signal is at once', async ({ run, upstream }) => {
    const child = run();
    const { api } = await child.ready();
    upstream.script = beginStream;
    const live = await begin(api + CHAT, STREAM);
    child.signal('SIGTERM');
    await child.says('stopping');
    child.signal('SIGTERM');
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect((await live.ended).broken).toBe(true);
  });
});

describe('a setting that has another name now', () => {
  test('is still read, and one line in the log names what to write instead', async ({ run }) => {
    const child = run([], { REFRAIN_INCOMPLETE: 'keep' });
    await child.ready();
    await child.says('"setting":"incomplete","instead":"keep=length,incomplete"');
  });
});

describe('kill -9', () => {
  test('in the middle of 1,000 writes loses at most the last batches, and never a right byte', async ({
    run,
    upstream,
    folder,
  }) => {
    upstream.script = ({ body, response }) => {
      const { input } = JSON.parse(body.toString());
      const data = [
        {
          object: 'embedding',
          index: 0,
          embedding: Array.from({ length: 50 }, (_, at) => input.length * 1e3 + at + Number(input.slice(5))),
        },
      ];
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ object: 'list', data, input }));
    };
    const first = run();
    let { api } = await first.ready();
    const question = (index: number) => ({ body: { model: 'e', input: `text ${index}` } });
    const expected: string[] = [];
    for (let index = 0; index < 700; index++) expected.push((await ask(`${api}/v1/embeddings`, question(index))).text);
    first.signal('SIGKILL');
    let refused = 0;
    for (let index = 700; index < 1_000; index++)
      await ask(`${api}/v1/embeddings`, question(index)).catch(() => refused++);
    expect(refused).toBeGreaterThan(0);
    await first.exited;

    ({ api } = await run().ready());
    const words: unknown[] = [];
    for (const [index, text] of expected.entries()) {
      const answer = await ask(`${api}/v1/embeddings`, question(index));
      expect(answer.text).toBe(text);
      words.push(answer.headers['x-cache']);
    }
    const kept = words.indexOf('MISS') === -1 ? words.length : words.indexOf('MISS');
    expect(words.slice(kept).filter((word) => word === 'HIT')).toEqual([]);
    expect(expected.length - kept).toBeLessThanOrEqual(200);
    expect(statSync(join(folder, '.refrain', 'cache.sqlite')).size).toBeGreaterThan(0);
  });
});
