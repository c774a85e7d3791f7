/**
 * Exchanges as JSON Lines: one per line, each with all that a cassette has of it. A body that is no text is base64.
 */
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { DIALECTS } from '../../dialect.ts';
import type { RecordedExchange } from '../recorded-exchange.ts';
import { FormatError, type SkippedPart } from './foreign-exchange.ts';

const BODY = { body: z.string().default(''), encoding: z.enum(['utf8', 'base64']).default('utf8') };

/** Texts by name, also by `__proto__`, which a record of zod leaves out. */
const HEADERS = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string'),
);

const LINE = z.object({
  sample: z.number().int().min(1).default(1),
  request: z.object({
    upstream: z.string().nullable().default(null),
    dialect: z.enum(DIALECTS),
    method: z.string(),
    path: z.string(),
    query: z.string().default(''),
    headers: HEADERS.default({}),
    ...BODY,
  }),
  answer: z.object({
    status: z.number().int().min(200).max(599),
    statusText: z.string().default(''),
    headers: z.array(z.tuple([z.string(), z.string()])).default([]),
    timing: z
      .object({ firstByteMs: z.number().min(0), ms: z.number().min(0), arrivals: z.string().optional() })
      .optional(),
    ...BODY,
  }),
});

export interface ExchangeLines {
  readonly exchanges: readonly { readonly place: string; readonly exchange: RecordedExchange }[];
  readonly leftOut: readonly SkippedPart[];
}

export function exchangeLine({ sample, request, answer }: RecordedExchange): string {
  const { status, statusText, headers } = answer.head;
  const { timing } = answer;
  const pairs: string[][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) pairs.push([headers[at] as string, headers[at + 1] as string]);
  return JSON.stringify({
    sample,
    request: { ...request, ...bodyMembers(request.body) },
    answer: { status, statusText, headers: pairs, ...(timing && { timing }), ...bodyMembers(answer.body) },
  });
}

/** @throws FormatError where no line is an exchange */
export function readExchangeLines(text: string): ExchangeLines {
  const exchanges: ExchangeLines['exchanges'][number][] = [];
  const leftOut: SkippedPart[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const place = `line ${at + 1}`;
    const exchange = readLine(line);
    if (exchange === null)
      leftOut.push({ place, why: 'it has no request and answer as refrain cassette export writes' });
    else exchanges.push({ place, exchange });
  }
  if (exchanges.length === 0) throw new FormatError('no line in it is an exchange');
  return { exchanges, leftOut };
}

function readLine(line: string): RecordedExchange | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = LINE.safeParse(value);
  if (!parsed.success) return null;
  const { sample, request, answer } = parsed.data;
  const { encoding, ...asked } = request;
  const { status, statusText, headers, timing } = answer;
  return {
    sample,
    request: { ...asked, body: Buffer.from(request.body, encoding) },
    answer: {
      head: { status, statusText, headers: headers.flat() },
      body: Buffer.from(answer.body, answer.encoding),
      ...(timing && { timing: timingOf(timing) }),
    },
  };
}

function timingOf({ firstByteMs, ms, arrivals }: NonNullable<z.output<typeof LINE>['answer']['timing']>) {
  return { firstByteMs, ms, ...(arrivals !== undefined && { arrivals }) };
}

function bodyMembers(body: Buffer): object {
  if (body.length === 0) return { body: '' };
  return isUtf8(body) ? { body: body.toString() } : { body: body.toString('base64'), encoding: 'base64' };
}
