import { describe, expect, test } from 'vitest';
import { isOfAnother, readCommand } from '../../src/config/command.ts';
import { createProcessInput, type Start } from './process-input.ts';

const API = 'http://127.0.0.1:1234';

function run({ argv = [], ...start }: Start = {}) {
  const command = readCommand(createProcessInput({ argv: ['run', ...argv, '--', 'npm', 'test'], ...start }));
  if (command.kind !== 'run') throw new Error(`${command.kind} runs nothing`);
  return { ...command, given: command.environmentAt(API) };
}

describe('the words behind --', () => {
  test('are the command, and never read', () => {
    const argv = ['run', '--port', '0', '--', 'sh', '--help', '--port', 'x', '--', '--offline'];
    expect(readCommand(createProcessInput({ argv }))).toMatchObject({
      words: ['sh', '--help', '--port', 'x', '--', '--offline'],
      config: { port: 0, offline: false },
    });
  });

  test.each([
    [['run'], 'run has no command; it stands behind --, as in refrain run -- npm test'],
    [['run', '--'], 'run has no command; it stands behind --, as in refrain run -- npm test'],
    [['run', 'npm', 'test'], "'npm' stands before --; the command stands behind it: refrain run -- …"],
    [['run', '--cassette', '--', 'npm'], /^option '--cassette <VALUE>' argument missing/],
  ])('are there: %j', (argv, message) => {
    expect(() => readCommand(createProcessInput({ argv }))).toThrow(message);
    expect(isOfAnother(createProcessInput({ argv }))).toBe(true);
  });

  test('are operands of other commands', () => {
    const argv = ['show', '--', '0123456789abcdef'];
    expect(readCommand(createProcessInput({ argv }))).toMatchObject({ kind: 'show', key: '0123456789abcdef' });
  });
});

describe('a flag of a yes or no', () => {
  test.each([
    [['--offline'], true],
    [['--offline=true'], true],
    [['--offline', 'true'], true],
    [['--offline=false'], false],
    [['--offline', 'false'], false],
    [['--no-offline'], false],
  ])('%j', (argv, offline) => {
    expect(run({ argv, env: { REFRAIN_OFFLINE: String(!offline) } }).config.offline).toBe(offline);
    expect(readCommand(createProcessInput({ argv }))).toMatchObject({ kind: 'start', config: { offline } });
  });

  test('is no value of another, and has no other', () => {
    const read = (...argv: string[]) => readCommand(createProcessInput({ argv }));
    expect(() => read('--host', '--offline')).toThrow('--host has no value');
    expect(() => read('--offline=perhaps')).toThrow('--offline is "perhaps"; it may be true or false');
    expect(read('show', '--offline', '0123456789abcdef')).toMatchObject({ key: '0123456789abcdef' });
  });
});

describe('the proxy of a command', () => {
  test('is its own, and quiet, whatever variables say of another', () => {
    const env = { REFRAIN_PORT: '4747', REFRAIN_ADMIN_HOST: '0.0.0.0', REFRAIN_ADMIN_TOKEN: 'x', REFRAIN_WORKERS: '4' };
    const config = { host: '127.0.0.1', port: 0, admin: { host: '127.0.0.1', port: 0 }, workers: 1, logLevel: 'warn' };
    expect(run({ env })).toMatchObject({ config });
    expect(run({ argv: ['--port', '7', '--log-level', 'info'], env }).config).toMatchObject({
      port: 7,
      logLevel: 'info',
    });
    expect(run({ env: { REFRAIN_LOG_LEVEL: 'debug' } }).config.logLevel).toBe('debug');
  });

  test.each([
    [{ CI: 'true' }, ['--cassette', 'x'], true],
    [{ CI: '1' }, ['--cassette', 'x', '--record', 'new'], false],
    [{ CI: '1' }, ['--cassette', 'x', '--no-offline'], false],
    [{ CI: '1' }, [], false],
    [{ CI: 'false' }, ['--cassette', 'x'], false],
    [{}, ['--cassette', 'x'], false],
    [{}, ['--cassette', 'x', '--record', 'none'], true],
    [{ REFRAIN_OFFLINE: 'true' }, [], true],
  ])('is offline by %j and %j: %j', (env, argv, offline) => {
    expect(run({ argv, env }).config.offline).toBe(offline);
  });

  test.each([
    [{}, [], false],
    [{ CI: 'true' }, [], true],
    [{ CI: 'true' }, ['--no-strict'], false],
    [{}, ['--strict'], true],
    [{}, ['--strict=false'], false],
  ])('is strict by %j and %j: %j', (env, argv, isStrict) => {
    expect(run({ argv, env }).isStrict).toBe(isStrict);
  });
});

describe('the environment of the command', () => {
  test('has the base URLs, and all that it had', () => {
    const argv = ['--env', 'GROQ_BASE_URL', '--env=MODELS_URL'];
    const { given, config, notice } = run({ argv, env: { HOME: '/h' } });
    expect(given).toEqual({
      HOME: '/h',
      OPENAI_BASE_URL: `${API}/v1`,
      OPENAI_API_BASE: `${API}/v1`,
      ANTHROPIC_BASE_URL: `${API}/anthropic`,
      GROQ_BASE_URL: `${API}/groq/v1`,
      MODELS_URL: `${API}/models-url/v1`,
    });
    expect(config).toMatchObject({
      upstream: 'https://api.openai.com/v1',
      upstreams: {
        'anthropic': { url: 'https://api.anthropic.com' },
        'groq': { url: 'https://api.openai.com/v1' },
        'models-url': { url: 'https://api.openai.com/v1' },
      },
    });
    expect(notice).toBeNull();
  });

  test('names upstreams by what was set, each with the version that it has', () => {
    const env = {
      OPENAI_BASE_URL: 'https://gateway.test/openai/',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:5/v1',
      GROQ_BASE_URL: 'https://groq.test/v1',
    };
    const { given, config, notice, origins } = run({ argv: ['--env', 'GROQ_BASE_URL'], env });
    expect(config.upstream).toBe('https://gateway.test/openai');
    expect(config.upstreams).toMatchObject({
      anthropic: { url: 'http://127.0.0.1:5/v1' },
      groq: { url: 'https://groq.test/v1' },
    });
    expect(given).toMatchObject({
      OPENAI_BASE_URL: API,
      OPENAI_API_BASE: `${API}/v1`,
      ANTHROPIC_BASE_URL: `${API}/anthropic/v1`,
      GROQ_BASE_URL: `${API}/groq/v1`,
    });
    expect(notice).toBe(
      'upstreams from the environment: OPENAI_BASE_URL (https://gateway.test/openai), ' +
        'ANTHROPIC_BASE_URL (http://127.0.0.1:5/v1), GROQ_BASE_URL (https://groq.test/v1)',
    );
    expect(origins).toContainEqual({
      path: 'upstream',
      shown: '"https://gateway.test/openai/"',
      from: 'OPENAI_BASE_URL',
    });
  });

  test('of two for one SDK leads each to its own', () => {
    const [older, newer] = ['https://older.test/v1', 'https://newer.test/v1'];
    expect(run({ env: { OPENAI_API_BASE: older } })).toMatchObject({
      config: { upstream: older },
      given: { OPENAI_BASE_URL: `${API}/v1`, OPENAI_API_BASE: `${API}/v1` },
    });
    expect(run({ env: { OPENAI_API_BASE: older, OPENAI_BASE_URL: newer } })).toMatchObject({
      config: { upstream: newer, upstreams: { 'openai-api-base': { url: older } } },
      given: { OPENAI_BASE_URL: `${API}/v1`, OPENAI_API_BASE: `${API}/openai-api-base/v1` },
    });
  });

  test.each([
    { argv: ['--upstream', 'http://given.test'] },
    { env: { REFRAIN_UPSTREAM: 'http://given.test' } },
    { files: { '.env': 'REFRAIN_UPSTREAM=http://given.test' } },
  ])('leads all to an upstream that is given: %j', (start) => {
    const env = { OPENAI_BASE_URL: 'http://openai.test/v1', ANTHROPIC_BASE_URL: 'http://anthropic.test', ...start.env };
    expect(run({ ...start, env })).toMatchObject({
      config: { upstream: 'http://given.test', upstreams: { anthropic: { url: 'http://given.test' } } },
      given: { OPENAI_BASE_URL: `${API}/v1`, ANTHROPIC_BASE_URL: `${API}/anthropic` },
      notice: null,
    });
  });

  test('has names of upstreams that do not depend on what is set, so that a cassette is found', () => {
    const argv = ['--env', 'LLM_URL'];
    const names = [{}, { LLM_URL: 'http://other.test' }].map((env) => Object.keys(run({ argv, env }).config.upstreams));
    expect(names).toEqual([
      ['anthropic', 'llm'],
      ['anthropic', 'llm'],
    ]);
    const upstreams = { anthropic: { url: 'http://mine.test', dialect: 'compatible' } };
    const files = { 'my.json': JSON.stringify({ upstreams }) };
    expect(run({ argv: ['--config', 'my.json'], files }).config.upstreams).toMatchObject(upstreams);
  });

  test('is read with .env under it, as a command would', () => {
    const files = { '.env': 'OPENAI_BASE_URL=http://file.test/v1\nOPENAI_API_KEY=kept' };
    expect(run({ argv: ['--offline'], files })).toMatchObject({ config: { upstream: 'http://file.test/v1' } });
    expect(run({ argv: ['--offline'], files }).given).not.toHaveProperty('OPENAI_API_KEY');
  });

  test('has keys offline, where it has none, so that SDKs start', () => {
    expect(run({ env: { CI: '1' } }).given).not.toHaveProperty('OPENAI_API_KEY');
    expect(run({ argv: ['--offline'], env: { ANTHROPIC_API_KEY: 'mine' } }).given).toMatchObject({
      OPENAI_API_KEY: 'refrain-offline',
      ANTHROPIC_API_KEY: 'mine',
    });
  });

  test('keeps its requests from an outbound proxy', () => {
    expect(run().given).not.toHaveProperty('NO_PROXY');
    expect(run({ env: { HTTPS_PROXY: 'http://out.test', NO_PROXY: 'a.test' } }).given).toMatchObject({
      NO_PROXY: 'a.test,127.0.0.1',
      no_proxy: 'a.test,127.0.0.1',
    });
  });

  test('is refused where a base URL is none, or leads back', () => {
    expect(() => run({ env: { ANTHROPIC_BASE_URL: 'anthropic.test' } })).toThrow(
      'ANTHROPIC_BASE_URL is "anthropic.test"; it may be an http or https URL',
    );
    expect(() => run({ argv: ['--port', '4747'], env: { OPENAI_BASE_URL: 'http://localhost:4747/v1' } })).toThrow(
      'OPENAI_BASE_URL is "http://localhost:4747/v1", where Refrain itself listens',
    );
    expect(() => run({ argv: ['--env', '1X'] })).toThrow('--env[0] is "1X"; it may be the name of an environment');
  });
});
