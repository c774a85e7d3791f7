/**
 * `npx refrain` of the package as it is published, by each Node that runs it, and by some that do not.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { processTest as test } from '../harness/process-harness.ts';
import { Packages, pathBefore } from './package.ts';

const run = promisify(execFile);

const packages = new Packages();
let tarball: string;

beforeAll(async () => {
  tarball = await packages.pack();
});
afterAll(() => packages.remove());

/** The surroundings of a user who has this Node, and nothing of Refrain yet. */
async function userOf(version: string) {
  const bin = await packages.node(version);
  const home = packages.make(`home-${version}`);
  const { XDG_CACHE_HOME: _, ...inherited } = process.env;
  const env = {
    ...inherited,
    PATH: pathBefore(bin),
    HOME: home,
    npm_config_userconfig: join(homedir(), '.npmrc'),
    npm_config_cache: packages.make('cache'),
    npm_config_update_notifier: 'false',
  };
  const empty = (name: string) => packages.make(join(`folders-${version}`, name));
  const refrain = async (cwd: string, ...args: readonly string[]) =>
    (await run('npx', ['--yes', `--package=${tarball}`, 'refrain', ...args], { cwd, env })).stdout;
  return { bin, home, env, empty, refrain };
}

/** Starts it as a person does. @returns its address and, once it has been stopped, all that it printed */
async function start(cwd: string, env: NodeJS.ProcessEnv, upstream: string) {
  const args = ['--yes', `--package=${tarball}`, 'refrain', '--port', '0', '--admin-port', '0', '--upstream', upstream];
  const child = spawn('npx', args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const signal = (name: NodeJS.Signals) => process.kill(-(child.pid as number), name);
  onTestFinished(() => void (child.exitCode ?? child.signalCode ?? signal('SIGKILL')));
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text));
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), closed.then(() => [''])]);
  const [, api] = /^refrain ready api=(\S+)/.exec(line) ?? [];
  if (api === undefined) throw new Error(`npx started nothing: ${line} ${stderr}`);
  return {
    api,
    async stop() {
      // To all of its group, as a terminal does by Ctrl+C.
      signal('SIGINT');
      await closed;
      return stderr;
    },
  };
}

describe.each(['22.19.0', '24', '26'])('Node %s', (version) => {
  test('runs it in an empty folder, over the store of the user', async ({ upstream }) => {
    const { home, env, empty, refrain } = await userOf(version);
    const folder = empty('first');
    const proxy = await start(folder, env, `${upstream.url}/v1`);
    const outcomes: unknown[] = [];
    for (const _ of [1, 2]) {
      const { status, headers } = await ask(proxy.api + CHAT, { body: chatRequest() });
      outcomes.push(status, headers['x-cache']);
    }
    expect(outcomes).toEqual([200, 'MISS', 200, 'HIT']);
    const said = await proxy.stop();
    const store = join(home, '.cache', 'refrain', 'cache.sqlite');
    expect(said).toContain(`"store":"${store}","msg":"no project is here; answers are kept for this user"`);
    expect(said).not.toMatch(/warning/i);
    expect(existsSync(store)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);

    const listed = async (cwd: string) => JSON.parse(await refrain(cwd, 'ls', '--json', '--admin-port', '9')).entries;
    expect(await listed(empty('second'))).toHaveLength(1);
    const project = empty('project');
    writeFileSync(join(project, 'package.json'), '{}');
    await expect(listed(project)).rejects.toThrow(join(project, '.refrain'));
  });
});

describe.each(['20', '18', '12'])('Node %s', (version) => {
  test('is told in one line that it is too old', async ({ folder }) => {
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, tarball], { cwd: folder });
    const node = join(await packages.node(version), 'node');
    const main = join(folder, 'node_modules', 'refrain', 'dist', 'main.js');
    const failed = await run(node, [main, '--version']).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^refrain: Node \d+\.\d+\.\d+ is too old; install Node 22\.19 or newer\n$/),
    });
  });
});
