/**
 * Two nodes of a gateway over one Redis: Refrain's, or LiteLLM's with the settings that it comes with.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import packageJson from '../../../package.json' with { type: 'json' };
import { Child } from '../../harness/child.ts';
import { freePort } from '../../harness/port.ts';

export interface Gateway {
  readonly name: string;
  /** The API's address of each node. */
  readonly nodes: readonly string[];
  readonly headers: Record<string, string>;
  stop(): Promise<void>;
}

export interface Setting {
  readonly upstream: string;
  readonly redis: number;
  readonly folder: string;
}

const SECRET = '5e'.repeat(32);
const KEY = 'sk-0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b';
/** It is to fetch nothing at its start. */
const ENVIRONMENT = { ...process.env, LITELLM_MASTER_KEY: KEY, LITELLM_LOCAL_MODEL_COST_MAP: 'True' };

export async function startRefrain({ upstream, redis, folder }: Setting): Promise<Gateway> {
  const children = ['a', 'b'].map((node) => {
    const cwd = join(folder, `refrain-${node}`);
    mkdirSync(cwd, { recursive: true });
    return new Child(['--port', '0', '--admin-port', '0', '--upstream', `${upstream}/v1`, '--store-path', 'off'], cwd, {
      REFRAIN_REDIS: `redis://127.0.0.1:${redis}`,
      REFRAIN_SECRET: SECRET,
    });
  });
  return {
    name: `Refrain ${packageJson.version}`,
    nodes: await Promise.all(children.map(async (child) => (await child.ready()).api)),
    headers: { authorization: `Bearer ${KEY}` },
    stop: async () => void (await Promise.all(children.map((child) => child.end()))),
  };
}

/** @param program of `pip install 'litellm[proxy]'`, in `bin/` of its environment */
export async function startLitellm(program: string, { upstream, redis, folder }: Setting): Promise<Gateway> {
  const config = join(folder, 'litellm.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      model_list: [
        {
          model_name: 'gpt-test',
          litellm_params: { model: 'openai/gpt-test', api_base: `${upstream}/v1`, api_key: 'sk-upstream' },
        },
      ],
      litellm_settings: { cache: true, cache_params: { type: 'redis', host: '127.0.0.1', port: redis } },
    }),
  );
  const said = execFileSync(program, ['--version'], { encoding: 'utf8', env: ENVIRONMENT });
  const [version] = /\d[\d.]+\d/.exec(said) ?? ['?'];
  const nodes = await Promise.all(['a', 'b'].map((node) => startLitellmNode(program, config, join(folder, node))));
  return {
    name: `LiteLLM ${version}`,
    nodes: nodes.map(({ url }) => url),
    headers: { authorization: `Bearer ${KEY}` },
    async stop() {
      for (const { child } of nodes) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
    },
  };
}

async function startLitellmNode(
  program: string,
  config: string,
  log: string,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const port = await freePort();
  const output = openSync(`${log}.log`, 'w');
  const child = spawn(program, ['--config', config, '--host', '127.0.0.1', '--port', String(port)], {
    stdio: ['ignore', output, output],
    env: ENVIRONMENT,
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  while (!(await isAlive(url))) {
    if (child.exitCode !== null) throw new Error(`LiteLLM did not start: ${log}.log`);
    await setTimeout(100);
  }
  return { child, url };
}

async function isAlive(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/liveliness`)).ok;
  } catch {
    return false;
  }
}
