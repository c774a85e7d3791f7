/**
 * The doctor on the ports to listen on: free, taken by a Refrain, or taken by
 * something else.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Dispatcher, request } from 'undici';
import { reasonOf } from '../errors.ts';
import { addressOf } from './door.ts';
import { failure, type Finding, ok } from './finding.ts';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Whether what listens at a URL is a Refrain. */
type IsRefrain = (url: string, signal: AbortSignal) => Promise<boolean>;

export function checkApiPort(place: Place, signal: AbortSignal): Promise<Finding> {
  return checkPort('API port', 'port', place, isRefrainApi, signal);
}

export function checkAdminPort(place: Place, signal: AbortSignal): Promise<Finding> {
  return checkPort('admin port', 'admin-port', place, isRefrainAdmin, signal);
}

async function checkPort(check: string, flag: string, place: Place, isRefrain: IsRefrain, signal: AbortSignal): Promise<Finding> {
  const { host, port } = place;
  if (port === 0) return ok(check, 'any free one will be taken');
  const fault = await whyNotFree(place);
  if (fault === null) return ok(check, `${port} is free`);
  switch (fault) {
    case 'EADDRINUSE':
      if (await isRefrain(addressOf(place), signal).catch(() => false)) return ok(check, `${port} is taken by a Refrain that runs`);
      return failure(check, `${port} is taken by something that is no Refrain`, `end that, or choose another with --${flag}`);
    case 'EACCES':
      return failure(check, `this user may not listen on ${port}`, `choose one from 1024 on with --${flag}`);
    default:
      return failure(check, `cannot listen on ${host} (${fault})`, `use an address of this machine as --${flag.replace('port', 'host')}`);
  }
}

/** Listens there for a moment. */
async function whyNotFree({ host, port }: Place): Promise<string | null> {
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

async function isRefrainAdmin(url: string, signal: AbortSignal): Promise<boolean> {
  const { status } = JSON.parse(await (await ask(`${url}/healthz`, {}, signal)).body.text());
  return status === 'alive';
}

/** All of the API's paths are the upstream's. A malformed control is refused by Refrain itself, which names each request. */
async function isRefrainApi(url: string, signal: AbortSignal): Promise<boolean> {
  const { headers, body } = await ask(url, { 'x-refrain-ttl': 'doctor' }, signal);
  await body.dump();
  return headers['x-refrain-request-id'] !== undefined;
}

function ask(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  return request(url, { headers, signal, reset: true });
}
