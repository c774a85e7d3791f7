/**
 * `refrain show KEY`: shows a kept answer, and what was asked for it. JSON is
 * indented, streams are as they were sent.
 */
import type { EntryJson } from '../admin/entry-json.ts';
import type { ShowCommand } from '../config/command.ts';
import { addressOf } from './admin-client.ts';
import { readData } from './connect.ts';
import { curlFor } from './curl.ts';
import { CommandError } from './failure.ts';
import { inertJson, inertLine, inertText } from '../console/escape.ts';
import { formatCount, formatMoment, formatSize, formatTime, NONE } from '../console/format.ts';
import type { Output } from './output.ts';
import { tableLines } from './table.ts';

/** @returns the exit code */
export async function showEntry({ target, json, key, curl }: ShowCommand, output: Output): Promise<number> {
  const entry = await readData(target, output, (data) => data.entry(key));
  if (curl) return printCurl(entry, addressOf(target.config, target.config), output);
  output.print(json ? inertJson(entry) : textOf(entry, output));
  return 0;
}

function printCurl({ key, request }: EntryJson, base: string, output: Output): number {
  if (request === null) throw new CommandError(`${key}: what was asked ${NOT_KEPT}`);
  const { command, leftOut } = curlFor(request, base);
  output.print(command);
  if (leftOut.length > 0) output.note(`refrain: left out, since they are kept as digests: ${leftOut.join(', ')}`);
  return 0;
}

const NOT_KEPT = 'is not kept: it was too long, shows a credential, or store.prompts is false';

function textOf(entry: EntryJson, { paint }: Output): string {
  return [
    ...tableLines(FACTS, factsOf(entry)).slice(1),
    '',
    paint('bold', 'Request'),
    ...requestLines(entry),
    '',
    paint('bold', 'Answer'),
    ...answerLines(entry),
  ].join('\n');
}

const FACTS = [
  { title: '', align: 'left' },
  { title: '', align: 'left' },
] as const;

function factsOf(entry: EntryJson): readonly (readonly [string, string])[] {
  const { expiresAt } = entry;
  return [
    ['key', inertLine(entry.key)],
    ...((entry.sample ?? 1) > 1 ? [['sample', String(entry.sample)] as const] : []),
    ['endpoint', entry.endpoint ?? NONE],
    ['model', inertLine(entry.model ?? NONE)],
    ['scope', inertLine(entry.scope ?? NONE)],
    ['tags', inertLine(entry.tags.join(', ') || NONE)],
    ['stored', `${formatMoment(entry.storedAt)}, ${formatTime(entry.age)} ago`],
    ['expires', expiresAt === null ? 'never' : formatMoment(expiresAt)],
    ...(entry.derivedFrom ? [['derived', `from ${inertLine(entry.derivedFrom)}`] as const] : []),
    ['size', `${formatSize(entry.bytes)}, in ${inertLine(entry.tier)}`],
    ['hits', formatCount(entry.hits)],
    ['call', callText(entry.call)],
  ];
}

function callText(call: EntryJson['call']): string {
  if (call === null) return NONE;
  const time = `${formatTime(call.ms / 1000)}, first byte after ${formatTime(call.firstByteMs / 1000)}`;
  if (call.usage === null) return time;
  const { input, cachedInput, output, reasoning } = call.usage;
  const [asked, answered] = [`${formatCount(input)} input tokens`, `${formatCount(output)} output`];
  return `${asked} (${formatCount(cachedInput)} cached), ${answered} (${formatCount(reasoning)} reasoning); ${time}`;
}

export function requestLines({ request }: Pick<EntryJson, 'request'>): readonly string[] {
  if (request === null) return [NOT_KEPT];
  const { method, path, query, headers, body } = request;
  return [
    inertLine(`${method} ${path}${query === '' ? '' : `?${query}`}`),
    ...headerLines(Object.entries(headers)),
    '',
    inertText(readable(body)),
  ];
}

export function answerLines({
  answer: { status, headers, body, encoding },
}: Pick<EntryJson, 'answer'>): readonly string[] {
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
