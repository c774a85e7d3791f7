/**
 * The paths of the API's listener that are no upstream's: whether the process is
 * alive, whether it takes requests, and a page of text for whoever opens the
 * address. They are answered while it starts and while it stops, and counted
 * nowhere.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBody, unknownRoute } from '../errors.ts';
import { alive, type HealthReply, type HealthSources, readinessOf } from '../proxy/health.ts';

export interface OwnPathsOptions extends HealthSources {
  readonly version: string;
  /** The URL of the admin API, where that is for this machine alone; else null. */
  readonly adminUrl: () => string | null;
}

/** @returns whether the request was to one of these, and is answered */
export type OwnPaths = (request: IncomingMessage, response: ServerResponse) => boolean;

const OWN = /^\/(healthz|readyz)?(\?|$)/;

export function createOwnPaths(options: OwnPathsOptions): OwnPaths {
  return (request, response) => {
    const { method = '', url = '' } = request;
    const [, name] = OWN.exec(url) ?? [null, null];
    if (name === null) return false;
    const isRead = method === 'GET' || method === 'HEAD';
    if (name === undefined && !isRead) return false;
    if (!isRead) sendText(response, 404, 'application/json', errorBody(unknownRoute(method, url)));
    else if (name === undefined) sendText(response, 200, 'text/plain; charset=utf-8', welcome(options, request));
    else sendHealth(response, name === 'healthz' ? alive() : readinessOf(options));
    return true;
  };
}

function sendHealth(response: ServerResponse, [status, document]: HealthReply): void {
  // Commands that look for the admin API, to give it a token, must see that this is not it.
  sendText(response, status, 'application/json', JSON.stringify({ ...document, listener: 'api' }));
}

function sendText(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** The characters of a name with a port: nothing else that a client wrote is shown. */
const NAME = /^[A-Za-z0-9._:[\]-]{1,255}$/;

function welcome({ readiness, version, adminUrl }: OwnPathsOptions, { headers, socket }: IncomingMessage): string {
  const { host = '' } = headers;
  const scheme = 'encrypted' in socket ? 'https' : 'http';
  const here = `${scheme}://${NAME.test(host) ? host : `localhost:${socket.localPort}`}`;
  const admin = isLocal(socket) ? adminUrl() : null;
  return [
    `Refrain ${version}, a caching proxy for OpenAI's API and others like it: asked twice, answered once.`,
    `It is ${readiness()}.`,
    '',
    'Set this as the base URL of a client, and ask as before:',
    '',
    `  ${here}/v1   of OpenAI's clients (OPENAI_BASE_URL)`,
    `  ${here}      of Anthropic's (ANTHROPIC_BASE_URL)`,
    '',
    ...(admin === null ? [] : [`What it saves, and what it keeps: ${admin}/`]),
    'Is it alive: /healthz. Does it take requests: /readyz.',
    '',
  ].join('\n');
}

/** Tests whether a client is on this machine, so that it can open what listens on loopback. */
function isLocal({ remoteAddress = '' }: IncomingMessage['socket']): boolean {
  return /^((::ffff:)?127\.|::1$)/.test(remoteAddress);
}
