/**
 * The guard of the admin API.
 *
 * A page in a browser on this machine can send requests to a loopback address,
 * and by a name that it has rebound it can even read the answers. So `Host`
 * must be a name of this listener, and `Origin`, which only browsers send, the
 * listener itself. There are no cookies, and no other origin is ever allowed.
 * The token stands in for a name: no page has it that was not given it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { NextFunction, Request, Response } from 'express';
import { isLoopback } from '../config/own-listener.ts';
import { forbiddenOrigin, misdirectedRequest, unauthorized } from '../errors.ts';
import { checkProtocol } from '../request/protocol.ts';
import { isNamed, readName } from './host-name.ts';

export interface GuardOptions {
  /** The host that the listener is configured for. */
  readonly host: string;
  /** Further names of the listener; one without a port is a name at any. */
  readonly hosts: readonly string[];
  /** Null where none is asked for: then the listener is on loopback alone. */
  readonly token: () => string | null;
}

type Guard = (request: Request, response: Response, next: NextFunction) => void;

/** Paths that anybody may ask for who can reach the listener. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Checks the names by which the listener is asked. */
export function createNameGuard({ host, hosts, token }: GuardOptions): Guard {
  const names = [isIPv6(host) ? `[${host}]` : host, ...hosts];
  return (request, _response, next) => {
    checkProtocol(request.httpVersion, request.headersDistinct.host?.length ?? 0);
    checkHost(request, names, token());
    const { origin, host: named = '' } = request.headers;
    if (origin !== undefined && origin !== `http://${named}` && origin !== `https://${named}`)
      throw forbiddenOrigin(origin);
    next();
  };
}

/** Checks the token, where one is set. */
export function createTokenGuard({ token }: Pick<GuardOptions, 'token'>): Guard {
  return (request, response, next) => {
    const expected = token();
    if (expected !== null && !OPEN_PATHS.has(request.path) && !presents(request, expected)) {
      response.set('www-authenticate', 'Bearer realm="refrain"');
      throw unauthorized();
    }
    next();
  };
}

/** @throws RefrainError `misdirected_request` */
function checkHost(request: Request, names: readonly string[], token: string | null): void {
  const [named = '', ...others] = request.headersDistinct.host ?? [];
  const read = others.length === 0 ? readName(named) : null;
  if (read === null) throw misdirectedRequest(named);
  const isOurs = isLoopback(read.name) || read.name === addressOf(request.socket.localAddress) || isNamed(read, names);
  if (!isOurs && !(token !== null && presents(request, token))) throw misdirectedRequest(named);
}

/** The address that a connection came to, which is no name that could have been rebound. */
function addressOf(address = ''): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '').toLowerCase();
}

/** Neither content nor length shows in the time that it takes. */
function presents({ headers }: Request, token: string): boolean {
  return timingSafeEqual(digestOf(headers.authorization ?? ''), digestOf(`Bearer ${token}`));
}

/** Of equal length, whatever was sent. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
