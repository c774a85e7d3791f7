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
import { failure, type Finding, ok } from './finding.ts';

export interface PortAddress {
  readonly host: string;
  readonly port: number;
}

/** Whether what listens there is a Refrain. */
type IsRefrain = (place: PortAddress, signal: AbortSignal) => Promise<boolean>;

export function checkApiPort(place: PortAddress, signal: AbortSignal): Promise<Finding> {
  return checkPort('API port', 'port', place, isRefrainApi, signal);
}

export function checkAdminPort(place: PortAddress, signal: AbortSignal): Promise<Finding> {
  return checkPort('admin port', 'admin-port', place, isRefrainAdmin, signal);
}

async function checkPort(
  check: string,
  flag: string,
  place: PortAddress,
  isRefrain: IsRefrain,
  signal: AbortSignal,
): Promise<Finding> {
  const { host, port } = place;
  if (port === 0) return ok(check, 'any free one will be taken');
  const fault = await whyNotFree(place);
  if (fault === null) return ok(check, `${port} is free`);
  switch (fault) {
    case 'EADDRINUSE':
      if (await isRefrain(place, signal).catch(() => false))
        return ok(check, `${port} is taken by a Refrain that runs`);
      return failure(
        check,
        `${port} is taken by something that is no Refrain`,
        `end that, or choose another with --${flag}`,
      );
    case 'EACCES':
      return failure(check, `this user may not listen on ${port}`, `choose one from 1024 on with --${flag}`);
    default:
      return failure(
        check,
        `cannot listen on ${host} (${fault})`,
        `use an address of this machine as --${flag.replace('port', 'host')}`,
      );
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
