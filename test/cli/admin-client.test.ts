import { describe, expect, onTestFinished, test } from 'vitest';
import type { PurgeFlags } from '../../src/config/commands.ts';
import { createConfig } from '../../src/config/config.ts';
import { addressOf, createAdminClient } from '../../src/cli/admin-client.ts';
import { CommandError } from '../../src/cli/failure.ts';
import { listEntries } from '../../src/cli/ls.ts';
import { trustIn } from '../../src/cli/own-tls.ts';
import { purgeEntries } from '../../src/cli/purge.ts';
import { ConfigError } from '../../src/errors.ts';
import { type Call, type Script, type ScriptedUpstream, startUpstream } from '../harness/upstream.ts';
import { recordOutput } from './recorder.ts';

const respond =
  (answer: unknown, status = 200): Script =>
  ({ response }: Call) => {
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  };

/** Something at the operator's address, and the target that names it. */
async function listener(script: Script, token: string | null = null) {
  const server: ScriptedUpstream = await startUpstream(script);
  onTestFinished(() => server.stop());
  return { server, target: { config: createConfig({ admin: { token }, store: { path: null } }), url: server.url } };
}

const refusal = (message: string, code: string) => ({ error: { message, type: 'refrain_error', param: null, code } });

describe('the way to a proxy', () => {
  test.each([
    [{ host: '127.0.0.1', port: 1 }, 'http://127.0.0.1:1'],
    [{ host: 'localhost', port: 80 }, 'http://localhost:80'],
    [{ host: '0.0.0.0', port: 2 }, 'http://127.0.0.1:2'],
    [{ host: '::', port: 3 }, 'http://[::1]:3'],
    [{ host: 'fe80::1', port: 4 }, 'http://[fe80::1]:4'],
  ])('to %o is %s', (place, url) => {
    expect(addressOf({ tls: { cert: null, key: null } }, place)).toBe(url);
    const tls = { cert: '/a.pem', key: '/a.key' };
    expect(addressOf({ tls }, place)).toBe(url.replace('http:', 'https:'));
  });

  test('carries the token and nothing else of the operator', async () => {
    const { server, target } = await listener(respond({ status: 'alive', flights: 0 }), 'sekret');
    await createAdminClient(target).ask<{ flights: number }>('POST', '/purge', 'flights', { all: true });
    const { method, url, headers, body } = await server.called(2);
    expect([method, url, headers.authorization, headers['content-type'], body.toString()]).toEqual([
      'POST',
      '/purge',
      'Bearer sekret',
      'application/json',
      '{"all":true}',
    ]);
  });

  test('tells its token to no stranger, nor to the API itself, which would send it on', async () => {
    const api = await listener(respond({ status: 'alive', listener: 'api' }), 'sekret');
    await expect(createAdminClient(api.target).ask<{ periods: object }>('GET', '/stats', 'periods')).rejects.toThrow(
      'is the API of Refrain, and not its admin API',
    );
    expect(api.server.calls.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/healthz', undefined]]);
    const { server, target } = await listener(respond({ object: 'list' }), 'sekret');
    await expect(createAdminClient(target).ask<{ periods: object }>('GET', '/stats', 'periods')).rejects.toThrow(
      'no admin API of Refrain',
    );
    expect(server.calls.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/healthz', undefined]]);
  });

  test.each<[string, Script, string]>([
    ['a refusal', respond(refusal('There is no such entry.', 'unknown_entry'), 404), 'There is no such entry'],
    ['a refusal with controls in it', respond(refusal('no \u001b[2J', 'unknown_entry'), 404), 'no \\x1b[2J'],
    [
      'a token that is missing',
      respond(refusal('It needs a token.', 'unauthorized'), 401),
      'It needs a token; give it with REFRAIN_ADMIN_TOKEN',
    ],
    ['a page of somebody else', respond('<html>', 200), 'what answers at URL is no admin API of Refrain (status 200)'],
    [
      'JSON of somebody else',
      respond({ object: 'list' }),
      'what answers at URL is no admin API of Refrain (status 200)',
    ],
    [
      'an error of somebody else',
      respond({ error: { message: 'x' } }, 500),
      'what answers at URL is no admin API of Refrain (status 500)',
    ],
    [
      'a redirect',
      ({ response }) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'what answers at URL is no admin API of Refrain (status 302)',
    ],
    ['a connection that is cut', ({ response }) => response.socket?.destroy(), 'URL broke off (UND_ERR_SOCKET)'],
  ])('tells of %s in one line', async (_what, script, message) => {
    const { target } = await listener(script);
    await expect(createAdminClient(target).ask<{ periods: object }>('GET', '/stats', 'periods')).rejects.toEqual(
      new CommandError(message.replace('URL', target.url)),
    );
  });

  test('goes on from page to page until there is enough', async () => {
    const row = {
      key: `${'0'.repeat(64)}.json`,
      form: 'json',
      model: null,
      endpoint: null,
      scope: null,
      tags: [],
      bytes: 1,
      storedAt: '',
      expiresAt: null,
      age: 0,
      hits: 0,
      tier: 'memory',
      call: null,
    };
    const { server, target } = await listener(({ url, response }) => {
      const query = new URL(url, 'http://x').searchParams;
      // A page may be empty where a text was searched for, and still not be the last.
      const entries = query.get('cursor') === 'a' ? [] : Array(Number(query.get('limit'))).fill(row);
      response.end(JSON.stringify({ entries, next: query.get('cursor') === null ? 'a' : 'b' }));
    });
    const output = recordOutput();
    await listEntries({ target, json: true, filter: { text: 'a b&c', olderThan: 60 }, limit: 150 }, output);
    expect(server.calls.map(({ url }) => url)).toEqual([
      '/entries?text=a+b%26c&olderThan=60&limit=100',
      '/entries?text=a+b%26c&olderThan=60&limit=50&cursor=a',
      '/entries?text=a+b%26c&olderThan=60&limit=50&cursor=b',
    ]);
    expect(JSON.parse(output.printed.join(''))).toMatchObject({ entries: { length: 150 }, next: 'b' });
  });
});

describe('refrain purge', () => {
  /** Says how many there are, and forgets nothing. */
  const counting =
    (entries: number, flights = 0): Script =>
    ({ body, response }) =>
      void response.end(
        JSON.stringify({ entries, bytes: entries * 1_024, flights, dryRun: JSON.parse(body.toString()).dryRun }),
      );

  const asked = (server: ScriptedUpstream) => server.calls.map(({ body }) => JSON.parse(body.toString()));
  const command = {
    json: false,
    choice: { model: 'm', olderThan: 60 } as PurgeFlags | 'all',
    dryRun: false,
    includeUnjudged: false,
    yes: false,
  };

  test('counts, asks, and deletes what the person agreed to', async () => {
    const { server, target } = await listener(counting(1_234, 2));
    const output = recordOutput({ answer: true });
    expect(await purgeEntries({ ...command, target }, output)).toBe(0);
    expect(output.questions).toEqual(['Delete 1,234 answers, 1.21 MiB, and 2 on the way?']);
    expect(asked(server)).toEqual([
      { model: 'm', olderThan: 60, dryRun: true },
      { model: 'm', olderThan: 60, dryRun: false },
    ]);
    expect(output.printed).toEqual(['deleted 1,234 answers, 1.21 MiB, and 2 on the way']);
  });

  test('deletes nothing where the person does not agree, or cannot be asked', async () => {
    const { server, target } = await listener(counting(2));
    const output = recordOutput({ answer: false });
    expect(await purgeEntries({ ...command, target }, output)).toBe(1);
    expect([output.printed, output.notes]).toEqual([[], ['nothing was deleted']]);
    const nobody = purgeEntries({ ...command, target }, recordOutput());
    await expect(nobody).rejects.toEqual(
      new ConfigError(
        'this would delete 2 answers, 2 KiB, and there is no terminal to ask on; say --yes, or --dry-run',
      ),
    );
    expect(asked(server).map(({ dryRun }) => dryRun)).toEqual([true, true]);
  });

  test.each<[string, object, number, unknown[], string]>([
    [
      'asks nobody with --yes',
      { yes: true, choice: 'all' },
      9,
      [
        { all: true, dryRun: true },
        { all: true, dryRun: false },
      ],
      'deleted 9 answers, 9 KiB',
    ],
    [
      'asks nobody for one alone',
      {},
      1,
      [expect.objectContaining({ dryRun: true }), expect.objectContaining({ dryRun: false })],
      'deleted 1 answer, 1 KiB',
    ],
    [
      'only counts in a dry run',
      { dryRun: true, yes: true },
      9,
      [expect.objectContaining({ dryRun: true })],
      'would delete 9 answers, 9 KiB',
    ],
  ])('%s', async (_what, flags, entries, bodies, printed) => {
    const { server, target } = await listener(counting(entries));
    const output = recordOutput();
    expect(await purgeEntries({ ...command, ...flags, target }, output)).toBe(0);
    expect([asked(server), output.printed]).toEqual([bodies, [printed]]);
  });

  test('needs a proxy that runs', async () => {
    const gone = { config: createConfig({ store: { path: null } }), url: 'http://127.0.0.1:1' };
    await expect(purgeEntries({ ...command, target: gone }, recordOutput())).rejects.toEqual(
      new CommandError(
        'no proxy runs at http://127.0.0.1:1, and this needs one; start it, or say where it is with --url',
      ),
    );
    const anywhere = { config: createConfig({ admin: { port: 0 }, store: { path: null } }), url: null };
    await expect(purgeEntries({ ...command, target: anywhere }, recordOutput())).rejects.toThrow(
      'admin.port is 0, so the proxy may be anywhere',
    );
  });
});

test('a certificate that is none is named, with its setting', () => {
  const { pathname } = new URL(import.meta.url);
  expect(() => trustIn({ tls: { cert: pathname, key: pathname } })).toThrow(/is no certificate in PEM .* tls\.cert/);
});

test('a proxy that is held up holds up nobody who waits no longer', async () => {
  const end = new AbortController();
  const { server, target } = await listener(() => {});
  const asked = createAdminClient(target).ask<{ a: 1 }>('GET', '/state', 'a', undefined, end.signal);
  await server.called(1);
  end.abort();
  await expect(asked).rejects.toThrow(CommandError);
});
