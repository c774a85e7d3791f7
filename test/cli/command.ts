/**
 * Commands run as a person runs them, in a directory of their own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from 'vitest';
import { answerAll } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { type ScriptedUpstream, startUpstream } from '../harness/upstream.ts';

export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Cast {
  readonly folder: string;
  readonly upstream: ScriptedUpstream;
  /** Starts a proxy on free ports in front of the upstream; its ports are written where commands find them. */
  readonly proxy: (flags?: readonly string[]) => Promise<Running>;
  readonly refrain: (args: readonly string[], environment?: Record<string, string>) => Promise<Result>;
}

export interface Running {
  readonly api: string;
  readonly admin: string;
  readonly child: Child;
}

export const test = base.extend<Cast>({
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'refrain-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
  upstream: async ({}, use) => {
    const upstream = await startUpstream(answerAll);
    await use(upstream);
    await upstream.stop();
  },
  proxy: async ({ folder, upstream }, use) => {
    const children: Child[] = [];
    await use(async (flags = []) => {
      const child = new Child(['--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`, ...flags], folder, {});
      children.push(child);
      const { api, admin } = await child.ready();
      const ports = { port: new URL(api).port, admin: { port: new URL(admin).port }, upstream: `${upstream.url}/v1` };
      writeFileSync(join(folder, 'settings.json'), JSON.stringify(ports));
      writeFileSync(join(folder, '.env'), 'REFRAIN_CONFIG=settings.json');
      return { api, admin, child };
    });
    for (const child of children) await child.end();
  },
  refrain: async ({ folder }, use) => {
    await use(async (args, environment = {}) => {
      const child = new Child(args, folder, environment);
      const { code } = await child.exited;
      return { code, out: child.stdout.join('\n'), err: child.stderr };
    });
  },
});
