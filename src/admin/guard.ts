/**
 * The guard of the admin API.
 *
 * A page in a browser on this machine can send requests to a loopback address,
 * and by a name that it has rebound it can even read the answers. So `Host`
 * must be a name of this listener, and `Origin`, which only browsers send, the
 * listener itself. There are no cookies, and no other origin is ever allowed.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { isLoopback } from '../config/own-listener.ts';
import { forbiddenOrigin, misdirectedRequest, unauthorized } from '../errors.ts';
import { checkProtocol } from '../request/protocol.ts';

export interface GuardOptions {
  /** The host that the listener is configured for. */
  readonly host: string;
  /** Null where none is asked for: then the listener is on loopback alone. */
  readonly token: string | null;
}

type Guard = (request: Request, response: Response, next: NextFunction) => void;

/** Paths that anybody may ask for who can reach the listener. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Checks the names by which the listener is asked. */
export function createNameGuard({ host }: Pick<GuardOptions, 'host'>): Guard {
  return (request, _response, next) => {
    checkProtocol(request.httpVersion, request.headersDistinct.host?.length ?? 0);
    checkHost(request, host);
    const { origin, host: named = '' } = request.headers;
    if (origin !== undefined && origin !== `http://${named}`) throw forbiddenOrigin(origin);
    next();
  };
}

/** Checks the token, where one is set. */
export function createTokenGuard({ token }: Pick<GuardOptions, 'token'>): Guard {
  const expected = token === null ? null : digestOf(`Bearer ${token}`);
  return (request, response, next) => {
    if (
      expected &&
      !OPEN_PATHS.has(request.path) &&
      !timingSafeEqual(digestOf(request.headers.authorization ?? ''), expected)
    ) {
      response.set('www-authenticate', 'Bearer realm="refrain"');
      throw unauthorized();
    }
    next();
  };
}

/** @throws RefrainError `misdirected_request` */
function checkHost({ headersDistinct, socket }: Request, configured: string): void {
  const [named = '', ...others] = headersDistinct.host ?? [];
  const [, bracketed, plain = bracketed ?? '', port = '80'] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]@/\\]+))(?::([0-9]{1,5}))?$/.exec(named) ?? [];
  const isOurs = isLoopback(plain) || sameName(plain, configured) || sameName(plain, addressOf(socket.localAddress));
  if (others.length > 0 || plain === '' || !isOurs || Number(port) !== socket.localPort)
    throw misdirectedRequest(named);
}

/** The address that a connection came to, which is no name that could have been rebound. */
function addressOf(address = ''): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Of equal length, whatever was sent. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
