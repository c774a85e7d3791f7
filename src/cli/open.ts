/**
 * `refrain open`: shows the operator's page of a proxy that runs in the browser of this machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import type { OpenCommand } from '../config/command.ts';
import { askProxy } from './connect.ts';
import type { Output } from './output.ts';

/** The programs that open an address, as each system calls them. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [name: string, ...args: string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** The time in which a program that cannot open anything says so; another may run as long as its browser does. */
const REFUSAL_MS = 3_000;

/** Prints the address, too: where no browser opens, it is there to be copied. @returns the exit code */
export async function openPage({ target }: OpenCommand, output: Output): Promise<number> {
  const url = await askProxy(target, async (admin) => {
    await admin.ask<{ status: string }>('GET', '/healthz', 'status');
    return `${admin.url}/`;
  });
  output.print(url);
  if (await opens(url)) return 0;
  output.note('no browser could be opened here; open the address yourself');
  return 1;
}

async function opens(url: string): Promise<boolean> {
  const [name, ...args] = OPENERS[platform()] ?? ['xdg-open'];
  const opener = spawn(name, [...args, url], { stdio: 'ignore', detached: true });
  const isLate = AbortSignal.timeout(REFUSAL_MS);
  try {
    const [code] = await once(opener, 'exit', { signal: isLate });
    return code === 0;
  } catch {
    return isLate.aborted;
  } finally {
    opener.unref();
  }
}
