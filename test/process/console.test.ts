import { describe, expect } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { ask } from '../harness/client.ts';
import { type ProcessHarness, processTest } from '../harness/process-harness.ts';

const test = processTest;

/** Asks twice, and once what is refused; stops it. */
async function runWith(
  { folder, upstream }: ProcessHarness,
  flags: string[],
  environment: Record<string, string> = {},
) {
  const own = ['--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`];
  const child = new Child([...own, ...flags], folder, environment);
  const { api, admin } = await child.ready();
  const question = chatRequest('What is\nthe sea?', { model: 'gpt-4o-mini' });
  for (const outcome of ['MISS', 'HIT']) {
    const { headers } = await ask(`${api}${CHAT}?token=secret`, { body: question });
    expect(headers['x-cache']).toBe(outcome);
  }
  await ask(api + CHAT, { body: question, headers: { 'x-refrain-ttl': 'nonsense' } });
  child.signal('SIGTERM');
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.stdout).toHaveLength(1);
  return { stderr: child.stderr, api, admin };
}

describe('standard error', () => {
  test('for people has a banner, a line for each request, and a last one', async ({ folder, upstream }) => {
    const { stderr, api, admin } = await runWith({ folder, upstream }, ['--log-format', 'human']);
    const lines = stderr.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ {2}store +\S+\/\.refrain\/cache\.sqlite {2}\(0 answers, 0 B\)$/);
    expect(lines[1]).toBe(`  upstream  ${upstream.url}/v1`);
    expect(lines[2]).toContain(`${admin}/ `);
    expect(lines[3]).toContain(`OPENAI_BASE_URL=${api}/v1`);
    expect(lines[5]).toMatch(/^MISS {4}gpt-4o-mini {2}\S+ \w+ {2}cost \S+ {2}"What is the sea\?"$/);
    expect(lines[6]).toMatch(/^HIT {5}gpt-4o-mini {2}\S+ ms {2}saved \S+ \S+ ms {2}"What is the sea\?"$/);
    expect(lines[7]).toMatch(/^ERR {5}POST \/v1\/chat\/completions {2}\S+ ms {2}400 invalid_header$/);
    expect(lines.at(-1)).toMatch(/^refrain has stopped: 3 requests, 1 hit \(50\.0%\), saved .* of waiting, spent/);
    expect(stderr).not.toContain('secret');
    expect(stderr).not.toContain('\u001b');
  });

  test('has each request once where workers answer, no words where none are kept, and colours where forced', async ({
    folder,
    upstream,
  }) => {
    const flags = ['--log-format', 'human', '--store-prompts', 'false', '--workers', '2'];
    const { stderr } = await runWith({ folder, upstream }, flags, { FORCE_COLOR: '1' });
    expect(stderr.match(/\u001b\[3\dm(MISS|HIT|ERR)/g)?.toSorted()).toEqual([
      '\u001b[31mERR',
      '\u001b[32mHIT',
      '\u001b[33mMISS',
    ]);
    expect(stderr).not.toContain('sea');
  });

  test('is JSON where it is no terminal, with a line for each request', async ({ folder, upstream }) => {
    const { stderr } = await runWith({ folder, upstream }, []);
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const requests = lines.filter(({ msg }) => msg === 'request');
    expect(requests.map(({ outcome, path }) => [outcome, path])).toEqual(
      ['miss', 'hit', 'refusal'].map((outcome) => [outcome, CHAT]),
    );
    expect(stderr).not.toMatch(/secret|sea/);
    expect(lines.at(-1)).toMatchObject({ msg: 'stopped', requests: 3, hit: 1, dollars: { spent: expect.any(Number) } });
  });
});
