/**
 * The doctor on the ports to listen on: free, taken by a Refrain, or taken by
 * something else.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Agent, request } from 'undici';
import type { Config } from '../config/config.ts';
import { reasonOf } from '../errors.ts';
import { addressOf } from './admin-client.ts';
import { trustIn } from './own-tls.ts';
import { failure, ok, type CheckResult } from '../admin/findings.ts';

interface PortAddress {
  readonly host: string;
  readonly port: number;
}

export function checkApiPort(config: Config, signal: AbortSignal): Promise<CheckResult> {
  return checkPort('--port', '--host', config, () => isRefrain(config, config, signal));
}

export function checkAdminPort(config: Config, signal: AbortSignal): Promise<CheckResult> {
  return checkPort('--admin-port', '--admin-host', config.admin, () => isRefrain(config, config.admin, signal));
}

async function checkPort(
  portFlag: string,
  hostFlag: string,
  place: PortAddress,
  isTakenByUs: () => Promise<boolean>,
): Promise<CheckResult> {
  const { host, port } = place;
  if (port === 0) return ok('any free one will be taken');
  const fault = await whyNotFree(place);
  switch (fault) {
    case null:
      return ok(`${port} is free`);
    case 'EADDRINUSE':
      if (await isTakenByUs().catch(() => false)) return ok(`${port} is taken by a Refrain that runs`);
      return failure(
        `${port} is taken by something that is no Refrain`,
        `end that, or choose another with ${portFlag}`,
      );
    case 'EACCES':
      return failure(`this user may not listen on ${port}`, `choose one from 1024 on with ${portFlag}`);
    default:
      return failure(`cannot listen on ${host} (${fault})`, `use an address of this machine as ${hostFlag}`);
  }
}

/** Listens there for a moment. */
async function whyNotFree({ host, port }: PortAddress): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, 'listening');
    return null;
  } catch (error) {
    return reasonOf(error);
  } finally {
    server.close();
  }
}

/** Both listeners say that they are alive. */
async function isRefrain(config: Config, place: PortAddress, signal: AbortSignal): Promise<boolean> {
  const dispatcher = new Agent({ connect: trustIn(config) });
  try {
    const { body } = await request(`${addressOf(config, place)}/healthz`, { signal, dispatcher });
    const { status } = JSON.parse(await body.text());
    return status === 'alive';
  } finally {
    await dispatcher.destroy();
  }
}
