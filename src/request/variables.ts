/**
 * The parts of a request that may be new with every call, although it asks the same: its
 * headers, the fields of its body that hold a token, and what is a label at
 * OpenAI. The rest of the body stands apart, so that requests are seen to be
 * alike but for these.
 */
import type { Endpoint } from '../endpoint.ts';
import { Author } from './author.ts';
import { isKnownField, REQUEST_ENDPOINTS } from './endpoints/table.ts';
import { isLabelField, ITEM_NOTES } from './fields.ts';
import type { Parts } from './fingerprint.ts';
import { CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET, QUOTE, Scan } from './scan.ts';

export interface Variable {
  /** `header:NAME`, or the JSON Pointer of a field. */
  readonly name: string;
  readonly value: string;
}

export interface BodyVariables {
  readonly variables: readonly Variable[];
  /** The body without the fields among them, and all else of the request that no header says. */
  readonly rest: string;
}

/** In UTF-16 units: the fields of a longer body are not looked at. */
const LONGEST_BODY = 128 * 1024;
const LONGEST_NAME = 100;

/** More than any client sends. */
const MOST = 32;

/** A text that nobody reads, and nobody thinks of: long, without white space, and with a digit. */
const TOKEN = /^(?=[^0-9]*[0-9])[\w.:=~+-]{16,256}$/;

const FIELD_NAME = /^[A-Za-z_][\w.-]*$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** @returns null where there are more than anybody could look after */
export function variablesOf(endpoint: Endpoint, { body = '', ...frame }: Parts): BodyVariables | null {
  const headers = Object.entries(frame).filter(([name]) => name.startsWith('header:'));
  const isRead = body.length <= LONGEST_BODY && body.startsWith('json:');
  const { fields, others } = isRead ? splitBody(endpoint, body) : { fields: [], others: body };
  if (headers.length + fields.length > MOST || headers.some(([name]) => name.length > LONGEST_NAME)) return null;
  const { path = '', query = '', variant = '' } = frame;
  const variables = [...headers.map(([name, value]) => ({ name, value })), ...fields];
  return { variables, rest: [path, query, variant, others].join('\n') };
}

interface SplitBody {
  readonly fields: readonly Variable[];
  readonly others: string;
}

/** Where a value stands in a text. */
type ValueSpan = readonly [from: number, to: number];

/** The canonical text of a body: fields that may be labels, and what is left without their values. */
function splitBody(endpoint: Endpoint, body: string): SplitBody {
  const scan = new Scan(body);
  scan.at = 'json:'.length;
  if (scan.peek() !== OPEN_BRACE) return { fields: [], others: body };
  const { authoredIds: pointer } = REQUEST_ENDPOINTS[endpoint];
  const fields: Variable[] = [];
  let others = '';
  let from = 0;
  const take = (name: string, spans: readonly ValueSpan[]) => {
    if (spans.length === 0) return;
    fields.push({ name, value: spans.map((span) => body.slice(...span)).join() });
    for (const [start, end] of spans) {
      others += body.slice(from, start);
      from = end;
    }
  };
  scan.list(CLOSE_BRACE, () => {
    const name = scan.name();
    const start = scan.at;
    const first = scan.peek();
    if (pointer?.startsWith(`/${name}/`) && first === OPEN_BRACKET) {
      return take(pointer, readItemLabels(scan));
    }
    passValue(scan);
    if (first === OPEN_BRACE && isLabelField(name)) return take(`/${name}`, [[start, scan.at]]);
    if (first !== QUOTE || !mayBeLabel(endpoint, name) || !isToken(body.slice(start + 1, scan.at - 1))) return;
    take(`/${name}`, [[start + 1, scan.at - 1]]);
  });
  return { fields, others: others + body.slice(from) };
}

/** The ids of the items of an input that the client wrote itself, and its notes beside any item. */
function readItemLabels(scan: Scan): readonly ValueSpan[] {
  const found: ValueSpan[] = [];
  scan.list(CLOSE_BRACKET, () => {
    if (scan.peek() !== OPEN_BRACE) return passValue(scan);
    const author = new Author();
    const labels: (readonly [name: string, span: ValueSpan])[] = [];
    scan.list(CLOSE_BRACE, () => {
      const name = scan.name();
      const start = scan.at;
      passValue(scan);
      author.note(name, scan.source.slice(start, scan.at), name === 'id');
      if (name === 'id' || name === ITEM_NOTES) labels.push([name, [start, scan.at]]);
    });
    const isOwn = author.own.length > 0;
    for (const [name, span] of labels) if (isOwn || name === ITEM_NOTES) found.push(span);
  });
  return found;
}

function passValue(scan: Scan): void {
  const first = scan.peek();
  if (first === OPEN_BRACE || first === OPEN_BRACKET) scan.skip();
  else if (first === QUOTE) scan.string();
  else scan.scalar();
}

/** Tests whether a field may be a label: one that the API knows changes its answers, but for its labels. */
function mayBeLabel(endpoint: Endpoint, name: string): boolean {
  return name.length <= LONGEST_NAME && FIELD_NAME.test(name) && (isLabelField(name) || !isKnownField(endpoint, name));
}
