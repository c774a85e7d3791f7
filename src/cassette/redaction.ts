/**
 * Redaction: what the rules of a cassette name is replaced before a request is named, and before an answer is recorded.
 * The upstream gets the original. What cannot be redacted so that nothing is left is not recorded.
 *
 * The expressions are people's, and run over texts of others: the engine is linear in both.
 */
import { isUtf8 } from 'node:buffer';
import { ConfigError } from '../errors.ts';
import { segmentsOf } from '../request/json-pointer.ts';
import { codingOf } from '../coding.ts';
import { headerOf, type RawHeaders } from '../response/entry.ts';
import { decodedBody } from './decoded-body.ts';
import type { RedactionRule } from './cassette-header.ts';
import type { RecordedAnswer, RecordedRequest } from './recorded-exchange.ts';
import { type FindMatches, isLeft, type IsPointed, REDACTED, redactText, type TextSpan } from './redaction-edits.ts';

export interface Redaction {
  /** @returns null where it cannot be redacted; a body without a match is the same buffer */
  readonly request: (request: RecordedRequest) => RecordedRequest | null;
  /** @returns null where it cannot be redacted; of a body that is written anew, the content coding is gone */
  readonly answer: (answer: RecordedAnswer) => RecordedAnswer | null;
}

/** @throws ConfigError for a pattern that is none */
export async function createRedaction(rules: readonly RedactionRule[]): Promise<Redaction> {
  if (rules.length === 0) return { request: (request) => request, answer: (answer) => answer };
  const pointers = rules.flatMap((rule) => ('pointer' in rule ? [rule.pointer] : []));
  const patterns = rules.flatMap((rule) => ('pattern' in rule ? [rule.pattern] : []));
  const names = pointers.filter((pointer) => pointer.startsWith(HEADER)).map((each) => each.slice(HEADER.length));
  const isPointed = pathMatcher(pointers.filter((pointer) => !pointer.startsWith(HEADER)));
  const find = patterns.length === 0 ? () => [] : await matchFinder(patterns);
  return new RuledRedaction(isPointed, find, new Set(names.map((name) => name.toLowerCase())));
}

const HEADER = 'header:';

class RuledRedaction implements Redaction {
  readonly #isPointed: IsPointed;
  readonly #find: FindMatches;
  /** The lower-case names of headers that are redacted. */
  readonly #names: ReadonlySet<string>;

  constructor(isPointed: IsPointed, find: FindMatches, names: ReadonlySet<string>) {
    this.#isPointed = isPointed;
    this.#find = find;
    this.#names = names;
  }

  readonly request = (request: RecordedRequest): RecordedRequest | null => {
    const body = this.#body(request.body, request.headers['content-type']);
    if (body === null) return null;
    const headers = Object.entries(request.headers).map(([name, value]) => [name, this.#header(name, value)] as const);
    const path = this.#parts(request.path);
    const query = this.#parts(request.query);
    return { ...request, path, query, headers: Object.fromEntries(headers), body };
  };

  readonly answer = (answer: RecordedAnswer): RecordedAnswer | null => {
    const { head, body } = answer;
    const encoding = headerOf(head.headers, 'content-encoding');
    const decoded = decodedBody(body, encoding);
    const redacted = decoded && this.#body(decoded, headerOf(head.headers, 'content-type'));
    if (redacted === null) return null;
    const headers = head.headers.map((value, at) => {
      return at % 2 === 0 ? value : this.#header((head.headers[at - 1] as string).toLowerCase(), value);
    });
    if (redacted === decoded) return { ...answer, head: { ...head, headers } };
    return { ...answer, head: { ...head, headers: ofBody(headers, redacted, codingOf(encoding)) }, body: redacted };
  };

  /**
   * Bytes that are no text are searched as Latin-1, in which no byte is lost; what is found among them as UTF-8 alone
   * cannot be replaced.
   */
  #body(body: Buffer, type: string | undefined): Buffer | null {
    if (body.length === 0) return body;
    const encoding = isUtf8(body) ? 'utf8' : 'latin1';
    const text = body.toString(encoding);
    const redacted = redactText(text, type, this.#isPointed, this.#find);
    if (redacted === null) return null;
    const kept = redacted === text ? body : Buffer.from(redacted, encoding);
    return encoding === 'latin1' && isLeft(kept.toString(), this.#find) ? null : kept;
  }

  #header(name: string, value: string): string {
    return this.#names.has(name) ? REDACTED : this.#text(value);
  }

  #text(text: string): string {
    let redacted = '';
    let at = 0;
    for (const { start, end } of this.#find(text)) {
      redacted += text.slice(at, start) + REDACTED;
      at = end;
    }
    return redacted + text.slice(at);
  }

  /** Of a path or query, each part as it is meant; those without a match stay as they are written. */
  #parts(text: string): string {
    const parts = text.split(/([/&=])/).map((part) => {
      const meant = unescaped(part);
      const redacted = this.#text(meant);
      return redacted === meant ? part : encodeURIComponent(redacted);
    });
    return parts.join('');
  }
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return part;
  }
}

/** The headers of a body that was written anew, without a coding. */
function ofBody(headers: RawHeaders, body: Buffer, coding: string | null): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const lower = name.toLowerCase();
    if (lower === 'content-encoding' && coding !== null) continue;
    kept.push(name, lower === 'content-length' ? String(body.length) : (headers[at + 1] as string));
  }
  return kept;
}

function pathMatcher(pointers: readonly string[]): IsPointed {
  const paths = pointers.map(segmentsOf);
  return (path) =>
    paths.some(
      (pointed) => pointed.length === path.length && pointed.every((name, at) => name === '*' || name === path[at]),
    );
}

async function matchFinder(patterns: readonly string[]): Promise<FindMatches> {
  const { RE2JS } = await import('re2js');
  const expressions = patterns.map((pattern) => {
    try {
      return RE2JS.compile(pattern);
    } catch (error) {
      throw new ConfigError(`'${pattern}' is no regular expression as RE2 has them: ${(error as Error).message}`);
    }
  });
  return (text) => {
    const spans: TextSpan[] = [];
    for (const expression of expressions) {
      if (!expression.test(text)) continue;
      const matcher = expression.matcher(text);
      while (matcher.find())
        if (matcher.end() > matcher.start()) spans.push({ start: matcher.start(), end: matcher.end() });
    }
    return apart(spans);
  };
}

/** Those that overlap are one. */
function apart(spans: TextSpan[]): readonly TextSpan[] {
  const merged: TextSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last === undefined || span.start >= last.end) merged.push(span);
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
  }
  return merged;
}
