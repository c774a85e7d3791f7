/**
 * `refrain cassette ls` and `show`: the exchanges of a cassette, and one of them.
 */
import { isUtf8 } from 'node:buffer';
import type { RecordedExchange } from '../cassette/recorded-exchange.ts';
import type { CassetteCommand } from '../config/cassette-command.ts';
import { inertJson, inertLine } from '../console/escape.ts';
import { formatSize, NONE } from '../console/format.ts';
import { decodeArrivals } from '../response/arrival-times.ts';
import { type CassetteRow, type ListedExchange, readRows } from './cassette-rows.ts';
import { CommandError } from './failure.ts';
import type { Output } from './output.ts';
import { answerLines, requestLines } from './show.ts';
import { type Column, tableLines } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: '#', align: 'right' },
  { title: 'key', align: 'left' },
  { title: 'sample', align: 'right' },
  { title: 'request', align: 'left', shrinksTo: 12 },
  { title: 'model', align: 'left', shrinksTo: 8 },
  { title: 'question', align: 'left', shrinksTo: 10 },
  { title: 'status', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'last run', align: 'left' },
];

/** Enough digits of a key to tell any two apart. */
const DIGITS = 16;

export function listCassette({ file, config, json }: CassetteCommand, output: Output): number {
  const rows = readRows(file, config).map(({ row }) => row);
  if (json) output.print(inertJson({ exchanges: rows }));
  else if (rows.length === 0) output.note('no exchange is in it');
  else output.print(tableText(rows, output));
  return 0;
}

function tableText(rows: readonly CassetteRow[], { paint, width }: Output): string {
  const [titles = '', ...lines] = tableLines(COLUMNS, rows.map(cellsOf), width);
  return [paint('bold', titles), ...lines].join('\n');
}

function cellsOf(row: CassetteRow): readonly string[] {
  const { upstream, method, path, used } = row;
  return [
    String(row.number),
    inertLine(row.key.slice(0, DIGITS) + row.key.slice(row.key.indexOf('.'))),
    String(row.sample),
    inertLine(`${method} ${upstream === null ? '' : `/${upstream}`}${path}`),
    inertLine(row.model ?? NONE),
    inertLine(row.question ?? NONE),
    String(row.status),
    formatSize(row.bytes),
    used === null ? NONE : used ? 'used' : 'unused',
  ];
}

/** @throws CommandError where the key names none, or several */
export function showExchange(
  { file, config, json, key }: CassetteCommand & { readonly action: 'show' },
  output: Output,
): number {
  const { row, exchange } = findExchange(readRows(file, config), key);
  const { request, answer } = parts(exchange);
  if (json) {
    output.print(inertJson({ ...row, request, answer }));
    return 0;
  }
  const facts = tableLines(COLUMNS, [cellsOf(row)]).map((line) => line.trimStart());
  output.print(
    [
      ...facts,
      '',
      output.paint('bold', 'Request'),
      ...requestLines({ request }),
      '',
      output.paint('bold', 'Answer'),
      ...answerLines({ answer }),
    ].join('\n'),
  );
  return 0;
}

/** @param key a number of the list, or the beginning of a key, as it is listed too */
function findExchange(exchanges: readonly ListedExchange[], key: string): ListedExchange {
  const numbered = /^\d{1,7}$/.test(key) ? exchanges[Number(key) - 1] : undefined;
  if (numbered !== undefined) return numbered;
  const [digits = '', form] = key.toLowerCase().split('.', 2);
  if (!/^[0-9a-f]{8,64}$/.test(digits))
    throw new CommandError(`${inertLine(key)} is no number of an exchange, nor a key`);
  const found = exchanges.filter(({ row }) => {
    return row.key.startsWith(digits) && (form === undefined || row.key.endsWith(`.${form}`));
  });
  const [first, second] = found;
  if (first === undefined) throw new CommandError(`no exchange has the key ${digits}`);
  if (second !== undefined) throw new CommandError(`${found.length} exchanges have keys that begin with ${digits}`);
  return first;
}

/** As `show` has entries of a store. */
function parts({ request, answer }: RecordedExchange) {
  const { method, path, query, headers, body } = request;
  const { status, headers: raw } = answer.head;
  const isText = isUtf8(answer.body);
  const arrivals = answer.timing?.arrivals;
  return {
    request: { method, path, query, headers, body: body.toString() },
    answer: {
      status,
      headers: raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : [])),
      body: answer.body.toString(isText ? 'utf8' : 'base64'),
      encoding: isText ? ('utf8' as const) : ('base64' as const),
      arrivals: arrivals === undefined ? null : decodeArrivals(arrivals),
    },
  };
}
