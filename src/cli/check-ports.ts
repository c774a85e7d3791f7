/**
 * The doctor on the ports to listen on: free, taken by a Refrain, or taken by
 * something else.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { request } from 'undici';
import { reasonOf } from '../errors.ts';
import { addressOf } from './admin-client.ts';
import { failure, ok, type CheckResult } from '../admin/findings.ts';

export interface PortAddress {
  readonly host: string;
  readonly port: number;
}

export function checkApiPort(place: PortAddress, signal: AbortSignal): Promise<CheckResult> {
  return checkPort('--port', '--host', place, () => isRefrainApi(place, signal));
}

export function checkAdminPort(place: PortAddress, signal: AbortSignal): Promise<CheckResult> {
  return checkPort('--admin-port', '--admin-host', place, () => isRefrainAdmin(place, signal));
}

async function checkPort(
  portFlag: string,
  hostFlag: string,
  place: PortAddress,
  isRefrain: () => Promise<boolean>,
): Promise<CheckResult> {
  const { host, port } = place;
  if (port === 0) return ok('any free one will be taken');
  const fault = await whyNotFree(place);
  switch (fault) {
    case null:
      return ok(`${port} is free`);
    case 'EADDRINUSE':
      if (await isRefrain().catch(() => false)) return ok(`${port} is taken by a Refrain that runs`);
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

async function isRefrainAdmin(place: PortAddress, signal: AbortSignal): Promise<boolean> {
  const { body } = await request(`${addressOf(place)}/healthz`, { signal, reset: true });
  const { status } = JSON.parse(await body.text());
  return status === 'alive';
}

/** All of the API's paths are the upstream's; what is no HTTP is refused by Refrain itself, and counted nowhere. */
async function isRefrainApi(place: PortAddress, signal: AbortSignal): Promise<boolean> {
  const { hostname, port } = new URL(addressOf(place));
  const socket = addAbortSignal(signal, connect(Number(port), hostname.replace(/^\[(.*)\]$/, '$1')));
  socket.write('GET / HTTP/9.9\r\n\r\n');
  return (await text(socket)).includes('"type":"refrain_error"');
}
