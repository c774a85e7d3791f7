/**
 * The text of a document of a cassette: of its header, or of one recorded exchange. The question stands before the
 * answer, and each body last of its part.
 *
 * Every document ends with a line `...`, so that no editor trims the end of a body, and one that a process had no time
 * to finish is known for it.
 */
import { type CassetteHeader, FORMAT, headerName, type RedactionRule, VERSION } from './cassette-header.ts';
import type { RecordedAnswer, RecordedExchange, RecordedRequest, Timing } from './recorded-exchange.ts';
import { bodyBlock, member, textBlock, word } from './scalar.ts';

export const BEGINNING = '---\n';
export const END = '...\n';

/** @param removes in a pending file: the digests of documents that go before those come which follow */
export function headerText({ upstreams, redact }: CassetteHeader, removes: readonly string[] = []): string {
  const named = Object.entries(upstreams).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    BEGINNING,
    member(0, 'format', FORMAT),
    member(0, 'version', String(VERSION)),
    ...(named.length > 0 ? ['upstreams:\n'] : []),
    ...named.map(([name, dialect]) => member(1, word(name), dialect)),
    ...(redact.length > 0 ? ['redact:\n'] : []),
    ...redact.map(ruleText),
    removes.length > 0 ? member(0, 'removes', `[${removes.join(', ')}]`) : '',
    END,
  ].join('');
}

/** @param header of the file that it is to stand in */
export function exchangeText({ sample, request, answer }: RecordedExchange, header: CassetteHeader): string {
  return [
    BEGINNING,
    sample > 1 ? member(0, 'sample', String(sample)) : '',
    'request:\n',
    requestText(request, header),
    'answer:\n',
    answerText(answer),
    END,
  ].join('');
}

function requestText(
  { upstream, dialect, method, path, query, headers, body }: RecordedRequest,
  header: CassetteHeader,
) {
  const fields = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    member(1, 'method', word(method)),
    member(1, 'path', word(path)),
    upstream === null ? '' : member(1, 'upstream', word(upstream)),
    header.upstreams[headerName(upstream)] === dialect ? '' : member(1, 'dialect', dialect),
    query === '' ? '' : member(1, 'query', word(query)),
    headersText(fields),
    body.length === 0 ? '' : member(1, 'body', bodyBlock(body, 1)),
  ].join('');
}

function answerText({ head: { status, statusText, headers }, body, timing }: RecordedAnswer): string {
  const fields: [string, string][] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) fields.push([headers[at] as string, headers[at + 1] as string]);
  return [
    member(1, 'status', word(statusText === '' ? String(status) : `${status} ${statusText}`)),
    headersText(fields),
    timing ? member(1, 'timing', timingText(timing)) : '',
    body.length === 0 ? '' : member(1, 'body', bodyBlock(body, 1)),
  ].join('');
}

/** A line for each value, as in a message of HTTP. */
function headersText(fields: readonly (readonly [name: string, value: string])[]): string {
  const lines = fields.flatMap(([name, values]) =>
    values.split('\n').map((value) => (value === '' ? `${name}:` : `${name}: ${value}`)),
  );
  return lines.length === 0 ? '' : member(1, 'headers', textBlock(lines.join('\n'), 1));
}

function timingText({ firstByteMs, ms, arrivals }: Timing): string {
  const events = arrivals === undefined ? '' : `, arrivals: "${arrivals}"`;
  return `{ firstByteMs: ${firstByteMs}, ms: ${ms}${events} }`;
}

function ruleText(rule: RedactionRule): string {
  const [name, value] = 'pointer' in rule ? ['pointer', rule.pointer] : ['pattern', rule.pattern];
  return `  - ${name}: ${word(value)}\n`;
}
