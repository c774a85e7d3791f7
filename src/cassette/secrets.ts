/**
 * The search for secrets in an exchange before it is recorded: in headers, in what JSON says behind its escapes, in the
 * arguments of tools, which are JSON in a string, and in texts that a stream brings in pieces.
 */
import { isCredential } from '../request/confidential.ts';
import { headerOf } from '../response/entry.ts';
import { documentsOf, isList } from './body-documents.ts';
import { decodedBody } from './decoded-body.ts';
import { textOfString, walkJson } from './json-walk.ts';
import type { RecordedExchange } from './recorded-exchange.ts';
import { secretIn, secretUnderName } from './secret-shapes.ts';
import { channelsOf, pointerOf, type TextChannel, textOfChannel } from './text-channels.ts';

/** The place of a secret, which is itself not in it. */
export interface FoundSecret {
  /** As a sentence has it: `a key of AWS`, `a value of password`. */
  readonly kind: string;
  readonly in: 'request' | 'answer';
  /** `path`, `query`, `header NAME`, `body`, or the JSON Pointer of a text in the body. */
  readonly where: string;
}

type SecretPlace = Pick<FoundSecret, 'kind' | 'where'>;

/** @returns the first secret that is found, or null */
export function findSecret({ request, answer }: RecordedExchange): FoundSecret | null {
  const answerHeaders: (readonly [string, string])[] = [];
  const { headers } = answer.head;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    answerHeaders.push([(headers[at] as string).toLowerCase(), headers[at + 1] as string]);
  }
  const inRequest =
    inText(request.path, 'path') ??
    inQuery(request.query) ??
    inHeaders(Object.entries(request.headers)) ??
    inBody(request.body, request.headers['content-type']);
  if (inRequest !== null) return { ...inRequest, in: 'request' };
  const type = headerOf(headers, 'content-type');
  const inAnswer = inHeaders(answerHeaders) ?? inCodedBody(answer.body, type, headerOf(headers, 'content-encoding'));
  return inAnswer === null ? null : { ...inAnswer, in: 'answer' };
}

function inText(text: string, where: string): SecretPlace | null {
  const kind = secretIn(text);
  return kind === null ? null : { kind, where };
}

function inQuery(query: string): SecretPlace | null {
  for (const [name, value] of new URLSearchParams(query)) {
    const kind = secretUnderName(name, value) ?? secretIn(value);
    if (kind !== null) return { kind, where: 'query' };
  }
  return inText(query, 'query');
}

function inHeaders(headers: Iterable<readonly [name: string, value: string]>): SecretPlace | null {
  for (const [name, value] of headers) {
    const kind = isCredential(name) ? 'a credential' : secretIn(value);
    if (kind !== null) return { kind, where: `header ${name}` };
  }
  return null;
}

/** In a body that cannot be decoded nothing can be ruled out. */
function inCodedBody(body: Buffer, type: string | undefined, encoding: string | undefined): SecretPlace | null {
  const decoded = decodedBody(body, encoding);
  return decoded === null ? { kind: 'a content coding that cannot be read', where: 'body' } : inBody(decoded, type);
}

function inBody(body: Buffer, type: string | undefined): SecretPlace | null {
  if (body.length === 0) return null;
  const text = body.toString();
  const { kind, documents } = documentsOf(text, type);
  if (kind === 'text') return inText(text, 'body');
  for (const channel of channelsOf(documents)) {
    const found = inChannel(channel);
    if (found !== null) return found;
  }
  return null;
}

/** In the whole text, and in each of its fragments. */
function inChannel(channel: TextChannel): SecretPlace | null {
  const { path, fragments, isFixed } = channel;
  const text = textOfChannel(channel);
  // A model's tokens, and those that it did not take, stand under a name of secrets; run together they look random.
  const isOfModel = isFixed || (path.at(-1) === 'token' && path.at(-3) === 'top_logprobs');
  const kind = isOfModel ? null : secretUnderName(path.at(-1) ?? '', text);
  if (kind !== null) return { kind, where: placeOf(path) };
  if (fragments.length > 1) {
    for (const fragment of fragments) {
      const inOne = inString(fragment.text, path, 0);
      if (inOne !== null) return inOne;
    }
  }
  return inString(text, path, 0);
}

/** How deep JSON is looked for in strings of JSON. */
const MAX_NESTING = 4;

function inString(text: string, path: readonly string[], depth: number): SecretPlace | null {
  const inside = depth < MAX_NESTING && isList(text) ? inNested(text, path, depth) : null;
  if (inside !== null) return inside;
  const kind = secretIn(text);
  return kind === null ? null : { kind, where: placeOf(path) || 'body' };
}

function inNested(text: string, path: readonly string[], depth: number): SecretPlace | null {
  let inside: SecretPlace | null = null;
  walkJson(text, (kind, inner, start, end) => {
    if (kind !== 'string' || inside !== null) return;
    const value = textOfString(text.slice(start + 1, end - 1));
    const whole = [...path, ...inner];
    const named = secretUnderName(inner.at(-1) ?? '', value);
    inside = named !== null ? { kind: named, where: placeOf(whole) } : inString(value, whole, depth + 1);
  });
  return inside;
}

/** A name that is a secret itself is left out. */
function placeOf(path: readonly string[]): string {
  return pointerOf(path.map((name) => (secretIn(name) === null ? name : '*')));
}
