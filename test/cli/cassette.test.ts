import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { readCassette, rewriteCassette } from '../../src/cassette/cassette-file.ts';
import { EMPTY_HEADER } from '../../src/cassette/cassette-header.ts';
import { documentOf } from '../../src/cassette/cassette-text.ts';
import { appendLot } from '../../src/cassette/pending-file.ts';
import type { RecordedExchange } from '../../src/cassette/recorded-exchange.ts';
import { markUsed } from '../../src/cassette/use-marks.ts';
import type { CassetteRow } from '../../src/cli/cassette-rows.ts';
import { workOnCassette } from '../../src/cli/cassette.ts';
import { readCommand } from '../../src/config/command.ts';
import { createCachedFetch } from '../../src/fetch/cached-fetch.ts';
import { chatStream, exchangeOf } from '../cassette/exchanges.ts';
import { recordOutput } from './recorder.ts';

const FIXTURES = new URL('../fixtures/cassettes', import.meta.url).pathname;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly notes: readonly string[];
  /** Of `--json`. */
  readonly json: () => Told;
}

interface Told {
  readonly exchanges: readonly CassetteRow[];
  readonly leftOut: readonly object[];
}

interface Place {
  readonly folder: string;
  readonly cassette: (...args: readonly string[]) => Promise<Ran>;
}

const test = base.extend<Place>({
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'refrain-cassette-'));
    await use(folder);
    rmSync(folder, { recursive: true });
  },
  cassette: async ({ folder }, use) => {
    await use(async (...args) => {
      const output = recordOutput();
      const command = readCommand({ argv: ['cassette', ...args], env: {}, cwd: folder });
      if (command.kind !== 'cassette') throw new Error(`it was ${command.kind}`);
      const code = await workOnCassette(command, output);
      const out = output.printed.join('\n');
      return { code, out, notes: output.notes, json: () => JSON.parse(out) as Told };
    });
  },
});

const chat = (content: string, answer: string): RecordedExchange => {
  const asked = { model: 'gpt-4o-mini', messages: [{ role: 'user', content }] };
  const message = { role: 'assistant', content: answer };
  const answered = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt-4o-mini',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
  };
  const { request, ...rest } = exchangeOf({ asked, answered });
  return { ...rest, request: { ...request, headers: {} } };
};

function write(file: string, ...exchanges: readonly RecordedExchange[]): void {
  const header = { ...EMPTY_HEADER, upstreams: { default: 'openai' } } as const;
  rewriteCassette(file, () => ({ header, documents: exchanges.map((each) => documentOf(each, header)) }));
}

describe('ls and show', () => {
  test('list what is in it, by number and key', async ({ folder, cassette }) => {
    write(join(folder, 'a.cassette'), chat('One?', '1'), { ...chat('One?', 'again'), sample: 2 }, chat('Two?', '2'));
    const { out, code } = await cassette('ls', 'a.cassette');
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  ').replace(/[0-9a-f]{16}/, 'KEY'))).toEqual([
      '#  key  sample  request  model  question  status  size  last run',
      '1  KEY.json  1  POST /chat/completions  gpt-4o-mini  One?  200  160 B  -',
      '2  KEY.json  2  POST /chat/completions  gpt-4o-mini  One?  200  164 B  -',
      '3  KEY.json  1  POST /chat/completions  gpt-4o-mini  Two?  200  160 B  -',
    ]);
    const { exchanges } = (await cassette('ls', 'a.cassette', '--json')).json();
    expect(exchanges[1]).toMatchObject({ number: 2, sample: 2, question: 'One?', status: 200, used: null });
    const shown = await cassette('show', 'a.cassette', exchanges[2]?.key.slice(0, 12) ?? '');
    expect(shown.out).toContain('"Two?"');
    expect((await cassette('show', 'a.cassette', '2', '--json')).json()).toMatchObject({
      ...exchanges[1],
      request: { path: '/chat/completions' },
    });
  });

  test('refuse what names none', async ({ folder, cassette }) => {
    write(join(folder, 'a.cassette'), chat('One?', '1'));
    await expect(cassette('show', 'a.cassette', '2')).rejects.toThrow('2 is no number of an exchange, nor a key');
    await expect(cassette('show', 'a.cassette', '00112233')).rejects.toThrow('no exchange has the key 00112233');
    await expect(cassette('ls', 'b.cassette')).rejects.toThrow(`there is no ${join(folder, 'b.cassette')}`);
    writeFileSync(join(folder, 'c.cassette'), 'no cassette');
    await expect(cassette('ls', 'c.cassette')).rejects.toThrow(/c\.cassette:1: expected /);
    await expect(cassette('play', 'a.cassette')).rejects.toThrow(
      'ACTION is "play"; it may be ls, show, prune, import or export',
    );
    await expect(cassette('ls', 'a.cassette', 'b')).rejects.toThrow('cassette ls takes nothing behind FILE');
  });
});

describe('prune', () => {
  test('drops what the last run did not use, and nothing else', async ({ folder, cassette }) => {
    const file = join(folder, 'a.cassette');
    write(file, chat('One?', '1'), chat('Two?', '2'));
    await expect(cassette('prune', 'a.cassette')).rejects.toThrow(/no run of .*a\.cassette is known here/);
    markUsed(
      file,
      readCassette(file)
        .documents.slice(1)
        .map(({ digest }) => digest),
    );
    const before = readFileSync(file, 'utf8');
    await expect(cassette('prune', 'a.cassette')).rejects.toThrow('say --yes, or --dry-run');
    expect((await cassette('prune', 'a.cassette', '--dry-run')).out).toBe('would drop 1 exchange of 2');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect((await cassette('prune', 'a.cassette', '--yes')).out).toBe('dropped 1 exchange of 2');
    expect(readCassette(file).documents.map(({ exchange }) => exchange.request.body.toString())).toEqual([
      expect.stringContaining('Two?'),
    ]);
    expect(before.endsWith(readFileSync(file, 'utf8').split('...\n').slice(1).join('...\n'))).toBe(true);
  });
});

describe('import', () => {
  test('of vcrpy and Polly gives the exchanges that a live recording gives', async ({ folder, cassette }) => {
    const { out, code, notes } = await cassette('import', 'a.cassette', join(FIXTURES, 'vcrpy.yaml'));
    expect([code, out, notes]).toEqual([0, 'imported 7, known before 0, left out 0', []]);
    const text = readFileSync(join(folder, 'a.cassette'), 'utf8');
    expect(text).not.toMatch(/sk-recorded|__cf_bm|authorization|x-stainless|content-encoding|127\.0\.0\.1/i);
    expect(text).toContain('Hello from upstream 2');
    const rows = (await cassette('ls', 'a.cassette', '--json')).json().exchanges;
    expect(rows.map((row) => [row.method, row.path, row.sample, row.status])).toEqual([
      ['POST', '/audio/speech', 1, 200],
      ['POST', '/chat/completions', 1, 200],
      ['POST', '/chat/completions', 2, 200],
      ['POST', '/chat/completions', 1, 429],
      ['POST', '/chat/completions', 1, 200],
      ['POST', '/chat/completions', 1, 200],
      ['GET', '/models', 1, 200],
    ]);
    const again = await cassette('import', 'a.cassette', join(FIXTURES, 'vcrpy.yaml'));
    expect(again.out).toBe('imported 0, known before 7, left out 0');
    expect(readFileSync(join(folder, 'a.cassette'), 'utf8')).toBe(text);
    const polly = await cassette('import', 'b.cassette', join(FIXTURES, 'polly.har'));
    expect(polly.out).toBe('imported 8, known before 0, left out 0');
    const keys = (await cassette('ls', 'b.cassette', '--json')).json().exchanges.map((row) => row.key);
    expect(keys).toEqual(expect.arrayContaining(rows.slice(1).map((row) => row.key)));
  });

  test('lists what it leaves out, and why', async ({ cassette }) => {
    await cassette('import', 'a.cassette', join(FIXTURES, 'vcrpy.yaml'));
    const polly = await cassette('import', 'a.cassette', join(FIXTURES, 'polly.har'));
    expect(polly.code).toBe(1);
    expect(polly.notes[0]).toMatch(/polly\.har, entry 1: the cassette has another answer to its request$/);
    const aimock = await cassette('import', 'a.cassette', join(FIXTURES, 'aimock.json'), '--json');
    expect(aimock.code).toBe(1);
    expect(aimock.json()).toMatchObject({ imported: 3, known: 0, dryRun: false });
    expect(aimock.json().leftOut[0]).toMatchObject({ place: 'fixture 1', why: expect.stringContaining('system') });
  });

  test('leaves out what has a secret, unless it is redacted', async ({ folder, cassette }) => {
    const secret = `AKIA${'Z5QX7WJ4KD2MNVRB'}`;
    const har = readFileSync(join(FIXTURES, 'polly.har'), 'utf8').replaceAll('Hello from', `${secret} from`);
    writeFileSync(join(folder, 'a.har'), har);
    const refused = await cassette('import', 'a.cassette', 'a.har');
    expect([refused.code, refused.out]).toEqual([1, 'imported 5, known before 0, left out 3']);
    expect(refused.notes[0]).toMatch(/entry 1: a key of AWS is in its answer \(\/choices\/0\/message\/content\)/);
    expect(refused.notes.join('\n')).not.toContain(secret);
    const redacted = await cassette(
      'import',
      'a.cassette',
      'a.har',
      '--redact-pattern',
      'AKIA[A-Z0-9]+',
      '--redact-pattern',
      'x{9}',
    );
    expect([redacted.code, redacted.out]).toEqual([0, 'imported 3, known before 5, left out 0']);
    const { header } = readCassette(join(folder, 'a.cassette'));
    expect(header.redact).toEqual([{ pattern: 'AKIA[A-Z0-9]+' }, { pattern: 'x{9}' }]);
    const text = readFileSync(join(folder, 'a.cassette'), 'utf8');
    expect(text).not.toContain(secret);
    expect(text).toContain('REDACTED from upstream');
  });

  test('with --dry-run changes nothing; what is of no format is refused', async ({ folder, cassette }) => {
    expect((await cassette('import', 'a.cassette', join(FIXTURES, 'vcrpy.yaml'), '--dry-run')).out).toBe(
      'would import 7, known before 0, left out 0',
    );
    expect(existsSync(join(folder, 'a.cassette'))).toBe(false);
    writeFileSync(join(folder, 'a.txt'), 'text');
    await expect(cassette('import', 'a.cassette', 'a.txt')).rejects.toThrow(/a\.txt: it is no cassette of vcrpy/);
    await expect(cassette('import', 'a.cassette', 'none.har')).rejects.toThrow(/none\.har: ENOENT/);
    await expect(cassette('import', 'a.cassette')).rejects.toThrow('cassette import takes the files to read');
  });
});

describe('export', () => {
  test('to JSON Lines and back is the same cassette', async ({ folder, cassette }) => {
    await cassette('import', 'a.cassette', join(FIXTURES, 'polly.har'));
    expect((await cassette('export', 'a.cassette', 'a.jsonl')).out).toBe('exported 8, left out 0');
    expect((await cassette('import', 'b.cassette', 'a.jsonl')).out).toBe('imported 8, known before 0, left out 0');
    expect(readFileSync(join(folder, 'b.cassette'), 'utf8')).toBe(readFileSync(join(folder, 'a.cassette'), 'utf8'));
    await expect(cassette('export', 'a.cassette', 'a.jsonl')).rejects.toThrow('a.jsonl is there already');
    await expect(cassette('export', 'a.cassette', 'a.sqlite')).rejects.toThrow('name the scope by --scope');
  });

  test('to a store is what a proxy would have kept, and imported again it is what it was', async ({
    folder,
    cassette,
  }) => {
    const stream = exchangeOf({
      asked: { model: 'm', stream: true, stream_options: { include_usage: true }, messages: [] },
      answered: chatStream([[0, 'x']]).replace(
        'data: [DONE]',
        'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]',
      ),
      type: 'text/event-stream',
    });
    const one = chat('One?', '1');
    write(
      join(folder, 'a.cassette'),
      one,
      { ...one, sample: 2 },
      { ...stream, request: { ...stream.request, headers: {} } },
    );
    const exported = await cassette('export', 'a.cassette', 'a.sqlite', '--scope', 'team');
    expect([exported.code, exported.out]).toEqual([1, 'exported 2, left out 1']);
    expect(exported.notes).toEqual(['left out: exchange 2: a store has one answer to a request']);
    const cached = createCachedFetch({
      store: { path: join(folder, 'a.sqlite') },
      scope: { shared: 'team', members: ['*'] },
      baseURL: 'https://api.openai.com/v1',
      fetch: () => Promise.reject(new Error('it was asked')),
    });
    const answer = await cached('https://api.openai.com/v1/chat/completions', {
      method: 'POST',
      body: one.request.body.toString(),
      headers: { 'content-type': 'application/json', 'authorization': 'Bearer any' },
    });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(one.answer.body);
    await cached.close();
    const imported = await cassette('import', 'b.cassette', 'a.sqlite', '--scope', 'team');
    expect([imported.notes, imported.out]).toEqual([[], 'imported 2, known before 0, left out 0']);
    const keys = async (file: string) =>
      (await cassette('ls', file, '--json')).json().exchanges.map((row) => [row.key, row.bytes]);
    expect(await keys('b.cassette')).toEqual((await keys('a.cassette')).filter((_, at) => at !== 1));
    await expect(cassette('import', 'b.cassette', 'a.sqlite', '--scope', 'other')).resolves.toMatchObject({
      out: 'imported 0, known before 0, left out 0',
    });
  });
});

test('what a killed recording left beside a cassette is listed, though no file is there yet', async ({
  folder,
  cassette,
}) => {
  const lot = { header: EMPTY_HEADER, removes: [], exchanges: [chat('a', 'b')] };
  appendLot(join(folder, 'x.cassette'), lot);
  const { code, json } = await cassette('ls', 'x.cassette', '--json');
  expect([code, json().exchanges.map(({ question }) => question)]).toEqual([0, ['a']]);
});

test('what a cassette cannot hold is left out, and it stays one', async ({ folder, cassette }) => {
  const lineOf = (request: object, answer: object = {}) =>
    JSON.stringify({
      request: { dialect: 'openai', method: 'GET', path: '/models', ...request },
      answer: { status: 200, ...answer },
    });
  const odd = [
    { method: 'GET /x' },
    { headers: { 'a\nb': 'c' } },
    { headers: { 'a:b': 'c' } },
    { headers: { '': 'c' } },
  ];
  const lines = [...odd.map((request) => lineOf(request)), lineOf({}, { headers: [['a\n', 'b']] }), lineOf({})];
  writeFileSync(join(folder, 'odd.jsonl'), lines.join('\n'));
  const { code, json } = await cassette('import', 'x.cassette', 'odd.jsonl', '--json');
  expect([code, json().leftOut.length]).toEqual([1, 5]);
  expect(readCassette(join(folder, 'x.cassette')).documents).toHaveLength(1);
});
