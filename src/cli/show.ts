/**
 * `refrain show KEY`: a kept answer, and what was asked for it. JSON is
 * indented, streams are as they were sent.
 */
import type { ToldEntry } from '../admin/entry-json.ts';
import type { ProxyTarget } from '../config/command.ts';
import { readBooks } from './connect.ts';
import { formatCount, formatMoment, formatSize, formatTime, NONE } from './format.ts';
import { inertJson, inertLine, inertText } from './escape.ts';
import type { Output } from './output.ts';
import { tableLines } from './table.ts';

export interface ShowCommand {
  readonly target: ProxyTarget;
  readonly json: boolean;
  readonly key: string;
}

/** @returns the exit code */
export async function showEntry({ target, json, key }: ShowCommand, output: Output): Promise<number> {
  const detail = await readBooks(target, output, (books) => books.entry(key));
  output.print(json ? inertJson(detail) : textOf(detail, output));
  return 0;
}

function textOf(detail: ToldEntry, { paint }: Output): string {
  return [
    ...tableLines(FACTS, factsOf(detail)).slice(1),
    '',
    paint('bold', 'Request'),
    ...requestLines(detail),
    '',
    paint('bold', 'Answer'),
    ...answerLines(detail),
  ].join('\n');
}

const FACTS = [
  { title: '', align: 'left' },
  { title: '', align: 'left' },
] as const;

function factsOf({
  key,
  model,
  endpoint,
  scope,
  tags,
  bytes,
  storedAt,
  expiresAt,
  age,
  hits,
  tier,
  call,
}: ToldEntry): readonly (readonly [string, string])[] {
  return [
    ['key', inertLine(key)],
    ['endpoint', endpoint ?? NONE],
    ['model', inertLine(model ?? NONE)],
    ['scope', inertLine(scope ?? NONE)],
    ['tags', inertLine(tags.join(', ') || NONE)],
    ['stored', `${formatMoment(storedAt)}, ${formatTime(age)} ago`],
    ['expires', expiresAt === null ? 'never' : formatMoment(expiresAt)],
    ['size', `${formatSize(bytes)}, in ${inertLine(tier)}`],
    ['hits', formatCount(hits)],
    ['call', callText(call)],
  ];
}

function callText(call: ToldEntry['call']): string {
  if (call === null) return NONE;
  const time = `${formatTime(call.ms / 1000)}, first byte after ${formatTime(call.firstByteMs / 1000)}`;
  if (call.usage === null) return time;
  const { input, cachedInput, output, reasoning } = call.usage;
  return `${formatCount(input)} input tokens (${formatCount(cachedInput)} cached), ${formatCount(output)} output (${formatCount(reasoning)} reasoning); ${time}`;
}

function requestLines({ request }: ToldEntry): readonly string[] {
  if (request === null) return ['is not kept: it was too long, shows a credential, or store.prompts is false'];
  const { method, path, query, headers, body } = request;
  return [
    inertLine(`${method} ${path}${query === '' ? '' : `?${query}`}`),
    ...headerLines(Object.entries(headers)),
    '',
    inertText(readable(body)),
  ];
}

function answerLines({ answer: { status, headers, body, encoding } }: ToldEntry): readonly string[] {
  const text =
    encoding === 'base64'
      ? `(${formatSize(Buffer.byteLength(body, 'base64'))} that are no text; --json gives them in base64)`
      : inertText(readable(body));
  return [String(status), ...headerLines(headers), '', text.trimEnd()];
}

function headerLines(headers: readonly (readonly [string, string])[]): readonly string[] {
  return headers.map(([name, value]) => inertLine(`${name}: ${value}`));
}

/** JSON with its objects indented and its numbers as they were written; any other text as it is. */
function readable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text, keepNumber), null, 2);
  } catch {
    return text;
  }
}

const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };

function keepNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && context?.source !== undefined ? rawJSON(context.source) : value;
}
