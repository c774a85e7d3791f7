/**
 * The name of an exchange taken apart, for people: what a request is compared by with one that is recorded.
 */
import { computeKey } from '../request/key.ts';
import type { ExplainedRequest } from '../request/explained-request.ts';
import { type Parts, formOf } from '../request/fingerprint.ts';
import { valueOf } from '../request/header-fields.ts';
import type { RequestHead } from '../request/parsed-head.ts';
import type { Route } from '../request/route.ts';
import { exchangeHead, type ExchangeKeyer } from './exchange-key.ts';
import { withFixedBoundary } from './multipart.ts';
import type { RecordedRequest } from './recorded-exchange.ts';
import type { Redaction } from './redaction.ts';

const JSON_TEXT = 'json:';

/** @returns the name that a cassette would give a request, or why it has none */
export function explainExchange(
  keyer: ExchangeKeyer,
  redaction: Redaction | null,
  { method, fields }: RequestHead,
  route: Route,
  body: Buffer,
): ExplainedRequest | string {
  const plain = {
    ...exchangeHead(keyer, method, fields, route),
    body: withFixedBoundary(valueOf(fields, 'content-type') ?? '', body),
  };
  const request = redaction === null ? plain : redaction.request(plain);
  if (request === null) return 'redaction';
  const { dialect } = request;
  const context = keyer.context(request);
  const keyed = context && computeKey(context, request.body);
  if (context !== null && keyed !== null && typeof keyed !== 'string')
    return { endpoint: context.endpoint, dialect, form: keyed.form, parts: keyed.parts as Parts };
  const key = keyer.exactKey(request);
  return { endpoint: null, dialect, form: formOf(key), parts: exactParts(request), key };
}

/** By these it is compared, and not named: a body that is JSON has its members. */
export function exactParts({ upstream, method, path, query, headers, body }: RecordedRequest): Parts {
  const fields = Object.entries(headers).map(([name, value]) => [`header:${name}`, value] as const);
  return { upstream: upstream ?? '', method, path, query, ...Object.fromEntries(fields), body: textOf(body) };
}

/** The JSON of a part that has it so; else as it is. */
export function withoutMark(text: string): string {
  return text.startsWith(JSON_TEXT) ? text.slice(JSON_TEXT.length) : text;
}

function textOf(body: Buffer): string {
  const text = body.toString();
  try {
    return JSON_TEXT + JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}
