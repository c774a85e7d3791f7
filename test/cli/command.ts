/**
 * Commands run as a person runs them, in a directory of their own.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../harness/child.ts';
import { type ProcessHarness, processTest } from '../harness/process-harness.ts';

export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Commands {
  /** Starts a proxy on free ports in front of the upstream; its ports are written where commands find them. */
  readonly proxy: (flags?: readonly string[]) => Promise<Running>;
  readonly refrain: (args: readonly string[], environment?: Record<string, string>) => Promise<Result>;
}

export type Cast = ProcessHarness & Commands;

export interface Running {
  readonly api: string;
  readonly admin: string;
  readonly child: Child;
}

export const test = processTest.extend<Commands>({
  proxy: async ({ folder, upstream }, use) => {
    const children: Child[] = [];
    await use(async (flags = []) => {
      const child = new Child(
        ['--port', '0', '--admin-port', '0', '--upstream', `${upstream.url}/v1`, ...flags],
        folder,
        {},
      );
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
