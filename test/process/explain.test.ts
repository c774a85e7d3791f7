import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Child } from '../harness/child.ts';

function files(contents: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text);
  return folder;
}

const request = (body: string) => `{"path":"/v1/chat/completions","headers":{},"body":${body}}`;

async function run(args: readonly string[], contents: Record<string, string>) {
  const child = new Child(['explain', ...args], files(contents), {});
  const { code } = await child.exited;
  return { code, lines: child.stdout, err: child.stderr };
}

/** Runs `refrain explain a.json b.json` on two requests. */
const explain = (a: string, b: string, flags: readonly string[] = []) =>
  run(['a.json', 'b.json', ...flags], { 'a.json': a, 'b.json': b });

describe('refrain explain', () => {
  test('shows where two requests differ', async () => {
    const { code, lines } = await explain(request('{"model":"m","trace":1}'), request('{"model":"m","trace":2}'));
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^a\.json: key [0-9a-f]{16}, form json$/),
      expect.stringMatching(/^b\.json: key [0-9a-f]{16}, form json$/),
      'They share no answer: there is one difference.',
      '  /body/trace',
      '    a: 1',
      '    b: 2',
      '    if it does not change the answer, key.ignore=default,/trace leaves it out of the key',
    ]);
  });

  test('heeds the settings', async () => {
    const { code, lines } = await explain(request('{"model":"m","trace":1}'), request('{"model":"m","trace":2}'), [
      '--key-ignore',
      'default,/trace',
      '--json',
    ]);
    expect([code, JSON.parse(lines.join('\n')).same]).toEqual([0, true]);
  });

  test('names requests as a cassette does, also those that have no key else', async () => {
    const kept = (user: string) => request(`{"model":"m","messages":[{"role":"user","content":"${user}"}]}`);
    const cassette = ['--cassette', 'llm.cassette', '--redact-pattern', 'user-\\d+'];
    const redacted = await explain(kept('I am user-1'), kept('I am user-22'), cassette);
    expect([redacted.code, redacted.lines.at(-1)]).toEqual([0, 'One answer serves both.']);
    const exact = (input: string) => `{"path":"/v1/files","body":{"purpose":"${input}"}}`;
    const differing = await explain(exact('one'), exact('two'), cassette);
    expect(differing).toMatchObject({ code: 1, err: '' });
    expect(differing.lines[0]).toMatch(/^a\.json: key [0-9a-f]{16}, form exact$/);
    expect(differing.lines.slice(2, 6)).toEqual([
      'They share no answer: there is one difference.',
      '  /body/purpose',
      '    a: "one"',
      '    b: "two"',
    ]);
  });

  test('says why a request has no key', async () => {
    const { code, lines } = await explain(request('{"model":"m","store":true}'), request('{"model":"m"}'));
    expect([code, lines[0]]).toEqual([1, 'a.json: has no key (store)']);
  });

  test.each([
    ['a file that is no JSON', '{', request('{}'), 'a.json is not JSON'],
    ['a body alone', '{"model":"m"}', request('{}'), 'a.json must be an object such as'],
  ])('refuses %s', async (_what, a, b, message) => {
    const { code, err } = await explain(a, b);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  test('refuses files that are not there, and one file alone', async () => {
    expect(await run(['a.json', 'b.json'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('a.json cannot be read (ENOENT)'),
    });
    expect(await run(['a.json'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining("missing required argument 'B.json|KEY'"),
    });
  });
});
