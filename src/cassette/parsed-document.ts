/**
 * A document of a cassette, read: what was recorded, or the line at which it is none. Everything is text until it is
 * given its own type here, so that no `no` and no `1.0` that a person wrote turns into something else.
 */
import { binaryTag, FAILSAFE_SCHEMA, load, YAMLException } from 'js-yaml';
import { z } from 'zod';
import { type Dialect, DIALECTS } from '../dialect.ts';
import { HOP_BY_HOP } from '../request/header-fields.ts';
import { type CassetteHeader, FORMAT, headerName, VERSION } from './cassette-header.ts';
import type { RecordedExchange, Timing } from './recorded-exchange.ts';

/** A part of a file: one document, and what stands between it and the next. */
export interface Chunk {
  readonly text: string;
  /** At which it begins, from 1 on. */
  readonly line: number;
}

/** A fault of a document: at which line of its file, and what was expected there. */
export class DocumentError extends Error {
  readonly line: number;

  constructor(line: number, expected: string) {
    super(expected);
    this.line = line;
  }
}

const SCHEMA = FAILSAFE_SCHEMA.withTags(binaryTag);

const text = (expected: string) => z.string({ error: expected });
const matching = (pattern: RegExp, expected: string) => text(expected).regex(pattern, { error: expected });
const body = z.union([z.string(), z.instanceof(Uint8Array)], { error: 'a text, or !!binary and base64' });
const ms = matching(/^\d+(\.\d+)?(e[+-]\d+)?$/, 'a number of milliseconds').transform(Number);
const dialect = z.enum(DIALECTS, { error: `one of ${DIALECTS.join(', ')}` });
const headers = matching(
  /^(?:[\w!#$%&'*+.^`|~-]+:[\t -~\u0080-\u00ff]*(?:\n+|$))*$/,
  'a header on each line, such as "accept: text/plain"',
);

const TIMING = z.strictObject(
  { firstByteMs: ms, ms, arrivals: text('arrival times').optional() },
  { error: '{ firstByteMs: NUMBER, ms: NUMBER }' },
);

const HEADER = z.strictObject(
  {
    format: z.literal(FORMAT, { error: `"${FORMAT}"` }),
    version: z.literal(String(VERSION), { error: `${VERSION}, the one that this version of Refrain reads` }),
    upstreams: z.record(z.string(), dialect, { error: 'a dialect for each upstream' }).optional(),
    redact: z
      .array(
        z.union([z.strictObject({ pointer: z.string() }), z.strictObject({ pattern: z.string() })], {
          error: '"pointer" or "pattern"',
        }),
        { error: 'a list of rules' },
      )
      .optional(),
  },
  { error: `the members of a header, "format: ${FORMAT}" among them` },
);

/** Of a pending file, in which it stands before each lot of documents. */
const PENDING_HEADER = HEADER.extend({ removes: z.array(z.string()).optional() });

const EXCHANGE = z.strictObject(
  {
    sample: matching(/^[1-9]\d{0,8}$/, 'a number from 1 on')
      .transform(Number)
      .optional(),
    request: z.strictObject(
      {
        method: matching(/^\S+$/, 'a method, such as POST'),
        path: text('a path, such as /chat/completions'),
        upstream: text('the name of an upstream').optional(),
        dialect: dialect.optional(),
        query: text('a query').optional(),
        headers: headers.optional(),
        body: body.optional(),
      },
      { error: 'what was asked: "method", "path" and more' },
    ),
    answer: z.strictObject(
      {
        status: matching(/^[2-9]\d\d(?: [\t -~\u0080-\u00ff]*)?$/, 'a status, such as "200 OK"'),
        headers: headers.optional(),
        timing: TIMING.optional(),
        body: body.optional(),
      },
      { error: 'what was answered: "status" and more' },
    ),
  },
  { error: 'a recorded exchange: "request" and "answer"' },
);

/** @throws DocumentError */
export function parseHeader(chunk: Chunk): CassetteHeader {
  const { upstreams = {}, redact = [] } = parseAs(HEADER, chunk);
  return { upstreams, redact };
}

/** @throws DocumentError */
export function parsePendingHeader(chunk: Chunk): { header: CassetteHeader; removes: readonly string[] } {
  const { upstreams = {}, redact = [], removes = [] } = parseAs(PENDING_HEADER, chunk);
  return { header: { upstreams, redact }, removes };
}

/**
 * @param header of its file
 * @throws DocumentError
 */
export function parseExchange(chunk: Chunk, header: CassetteHeader): RecordedExchange {
  const { sample = 1, request, answer } = parseAs(EXCHANGE, chunk);
  const { method, path, upstream = null, query = '' } = request;
  const fields = fieldsOf(answer.headers);
  const framing = fields.find(([name]) => isFraming(name.toLowerCase(), method));
  if (framing !== undefined)
    throw new DocumentError(
      lineOf(chunk, ['answer', framing[0]]),
      `no header that frames a body, such as ${framing[0]}`,
    );
  const [status, statusText] = [answer.status.slice(0, 3), answer.status.slice(4)];
  return {
    sample,
    request: {
      upstream,
      dialect: request.dialect ?? dialectOf(header, upstream),
      method,
      path,
      query,
      headers: joined(fieldsOf(request.headers).map(([name, value]) => [name.toLowerCase(), value])),
      body: bytesOf(request.body),
    },
    answer: {
      head: { status: Number(status), statusText, headers: fields.flat() },
      body: bytesOf(answer.body),
      ...(answer.timing && { timing: timingOf(answer.timing) }),
    },
  };
}

/** Tests whether a header says where a body ends, or what becomes of its connection: a reader would wait, or be cut. */
function isFraming(name: string, method: string): boolean {
  return HOP_BY_HOP.includes(name) || (name === 'content-length' && method !== 'HEAD');
}

function timingOf({ firstByteMs, ms, arrivals }: z.infer<typeof TIMING>): Timing {
  return { firstByteMs, ms, ...(arrivals !== undefined && { arrivals }) };
}

function dialectOf({ upstreams }: CassetteHeader, upstream: string | null): Dialect {
  const name = headerName(upstream);
  return (Object.hasOwn(upstreams, name) ? upstreams[name] : undefined) ?? 'compatible';
}

function bytesOf(value: string | Uint8Array = ''): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.length);
}

function fieldsOf(lines = ''): [name: string, value: string][] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    });
}

function joined(fields: readonly (readonly [name: string, value: string])[]): Record<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of fields) {
    const before = all.get(name);
    all.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  return Object.fromEntries(all);
}

function parseAs<T>(schema: z.ZodType<T>, chunk: Chunk): T {
  const parsed = schema.safeParse(loaded(chunk));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const odd = issue.keys[0] as string;
    throw new DocumentError(lineOf(chunk, [...path, odd]), `no member "${odd}" here`);
  }
  const place = path.length > 0 ? `"${path.join('.')}" to be ` : '';
  throw new DocumentError(lineOf(chunk, path), place + issue.message);
}

function loaded({ text: source, line }: Chunk): unknown {
  try {
    return load(source, { schema: SCHEMA });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new DocumentError(line + (error.mark?.line ?? 0), `YAML, but here is ${error.reason}`);
  }
}

/** The line of a member; of the one around it where it is missing. */
function lineOf(chunk: Chunk, path: readonly string[]): number {
  const lines = chunk.text.split('\n');
  let at = 0;
  for (const name of path) {
    const found = lines.findIndex((line, index) => index >= at && line.trimStart().startsWith(`${name}:`));
    if (found === -1) break;
    at = found;
  }
  return chunk.line + at;
}
