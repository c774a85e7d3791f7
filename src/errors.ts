/**
 * Every failure that Refrain raises, one factory each: a stable code, an HTTP
 * status and OpenAI's wire shape. What the upstream says is never rewritten
 * into one of these.
 */

/** A failure of our own, as a client is shown it. */
export class RefrainError extends Error {
  override readonly name = 'RefrainError';
  readonly code: ErrorCode;
  readonly status: number;
  /** The header or setting at fault, or null; OpenAI's `error.param`. */
  readonly param: string | null;

  constructor(code: ErrorCode, status: number, message: string, param: string | null = null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.param = param;
  }
}

export type ErrorCode =
  | 'invalid_target'
  | 'invalid_header'
  | 'invalid_body'
  | 'malformed_request'
  | 'headers_too_large'
  | 'http_version_unsupported'
  | 'headers_timeout'
  | 'websocket_unsupported'
  | 'loop_detected'
  | 'body_too_large'
  | 'body_incomplete'
  | 'body_timeout'
  | 'overloaded'
  | 'stopping'
  | 'not_durable'
  | 'not_shared'
  | 'not_cached'
  | 'upstream_unreachable'
  | 'upstream_timeout'
  | 'upstream_cut'
  | 'leader_lost'
  | 'listener_too_slow'
  | 'abandoned'
  | 'unknown_route'
  | 'unknown_entry'
  | 'ambiguous_key'
  | 'invalid_query'
  | 'invalid_settings'
  | 'unauthorized'
  | 'forbidden_origin'
  | 'misdirected_request'
  | 'unsupported_media_type'
  | 'internal_error';

export const invalidTarget = (why: string) =>
  new RefrainError('invalid_target', 400, `The request target is not accepted: ${why}.`);

export const invalidHeader = (name: string, value: string, allowed: string) =>
  refusedHeader(`${name} is ${shown(value)}; it may be ${allowed}.`, name);

export const unknownControl = (name: string, nearest: string) =>
  refusedHeader(`${name.slice(0, 80)} is not a control of Refrain; the nearest is ${nearest}.`, name.slice(0, 80));

const refusedHeader = (message: string, name: string) => new RefrainError('invalid_header', 400, message, name);

/** @param why a few words, or the parser's code */
export const malformedRequest = (why: string) =>
  new RefrainError('malformed_request', 400, `The request is not HTTP as it should be (${why}).`);

export const httpVersionUnsupported = (version: string) =>
  new RefrainError('http_version_unsupported', 505, `The request says HTTP/${version}; this listener speaks HTTP/1.1.`);

export const headersTooLarge = () =>
  new RefrainError('headers_too_large', 431, 'The request line and the headers take more than 64 KiB.');

export const headersTimeout = () =>
  new RefrainError('headers_timeout', 408, 'The headers of the request did not arrive within 10 s.');

export const invalidBody = (why: string) => new RefrainError('invalid_body', 400, `The body is not accepted: ${why}.`);

export const websocketUnsupported = () =>
  new RefrainError(
    'websocket_unsupported',
    426,
    'Refrain does not carry WebSockets; use HTTP, or connect to the upstream directly.',
  );

export const loopDetected = () => {
  const advice = 'correct upstream or upstreams in its settings, or in those of a proxy between';
  return new RefrainError('loop_detected', 508, `An upstream leads back to this Refrain; ${advice}.`, 'via');
};

export const bodyTooLarge = (limit: number) =>
  new RefrainError(
    'body_too_large',
    413,
    `The request body is larger than ${limit} bytes; raise maxRequestBytes to accept it.`,
  );

export const bodyIncomplete = (cause?: unknown) =>
  new RefrainError('body_incomplete', 400, 'The request body ended before its declared length.', null, cause);

export const bodyTimeout = (how: string) => new RefrainError('body_timeout', 408, `The request body ${how}.`);

export const notCached = (missingOffline: string | null = null) => {
  const forbidden = 'No stored answer is good enough, and only-if-cached forbids asking the upstream.';
  const message = missingOffline === null ? forbidden : `Refrain is offline, and holds no answer to ${missingOffline}.`;
  return new RefrainError('not_cached', 504, message, missingOffline === null ? 'cache-control' : null);
};

export const overloaded = () =>
  new RefrainError(
    'overloaded',
    503,
    'Refrain has as much to do as its limits allow; try again soon, or raise limits.',
  );

export const stopping = () => new RefrainError('stopping', 503, 'Refrain is stopping; try again elsewhere or later.');

export const notDurable = () =>
  new RefrainError('not_durable', 503, notGone('process runs, but the file of the store does not take that now'));

export const notShared = () =>
  new RefrainError('not_shared', 503, notGone('node runs, which goes on telling the others: they may not know yet'));

const notGone = (where: string) => `What was to go is gone for as long as this ${where}; see the log, and ask again.`;

export const upstreamUnreachable = (origin: string, advice: string, cause: unknown) => {
  const message = `The upstream ${origin} could not be reached (${reasonOf(cause)}); ${advice}.`;
  return new RefrainError('upstream_unreachable', 502, message, null, cause);
};

export const upstreamTimeout = (phase: string, seconds: number, advice: string) =>
  new RefrainError('upstream_timeout', 504, `The upstream sent no ${phase} within ${seconds} s; ${advice}.`);

export const upstreamCut = (cause: unknown) =>
  new RefrainError('upstream_cut', 502, `The upstream broke off its answer (${reasonOf(cause)}).`, null, cause);

export const leaderLost = () =>
  new RefrainError('leader_lost', 502, 'The process that fetched this answer is gone or out of reach; ask again.');

export const listenerTooSlow = () =>
  new RefrainError('listener_too_slow', 502, 'This client stopped reading an answer that is too large to keep.');

export const abandoned = () => new RefrainError('abandoned', 502, 'Every reader of this answer had left.');

export const unknownRoute = (method: string, path: string) =>
  new RefrainError(
    'unknown_route',
    404,
    `There is no ${method} ${shown(path)} here; GET /openapi.json lists what there is.`,
  );

export const unauthorized = () => {
  const message = 'This needs the token of the admin API: Authorization: Bearer TOKEN.';
  return new RefrainError('unauthorized', 401, message, 'authorization');
};

export const forbiddenOrigin = (origin: string) =>
  new RefrainError('forbidden_origin', 403, `Pages of ${shown(origin)} may not call this listener.`, 'origin');

export const misdirectedRequest = (host: string) => {
  const advice = 'use localhost or a loopback address, add the name to admin.hosts, or send the token';
  const message = `${shown(host)} is not a name of this listener; ${advice}.`;
  return new RefrainError('misdirected_request', 421, message, 'host');
};

export const internalError = (cause: unknown) =>
  new RefrainError('internal_error', 500, 'Refrain failed at this request; its log names the request id.', null, cause);

/** After these a connection is closed: its other end is late, or may not mean by its bytes what is read here. */
const CLOSING: ReadonlySet<ErrorCode> = new Set([
  'stopping',
  'malformed_request',
  'http_version_unsupported',
  'body_timeout',
]);

export function closesConnection({ code }: RefrainError): boolean {
  return CLOSING.has(code);
}

/** A setting that cannot be used; ends the start with exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The envelope of OpenAI's API: `{"error":{"message","type","param","code"}}`. */
export function errorBody(error: RefrainError): string {
  return JSON.stringify({ error: envelope(error) });
}

/**
 * The event that ends a stream which broke off. Readers of chat streams look
 * for `error`, those of responses for `type`, its fields and a number.
 */
export function errorEvent(error: RefrainError): string {
  const { message, param, code } = error;
  const data = { type: 'error', code, message, param, sequence_number: 0, error: envelope(error) };
  return `event: error\ndata: ${JSON.stringify(data)}\n\n`;
}

function envelope({ message, param, code }: RefrainError): object {
  return { message, type: 'refrain_error', param, code };
}

/** The text that somebody sent, short and on one line. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

/** A short cause that names no header, body or credential. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown cause';
  const code = (cause as NodeJS.ErrnoException).code;
  return code ?? cause.name;
}
