/**
 * One HTTP/1.1 message as it stands on the wire, read more strictly than the
 * RFC asks of a reader: a line that two readers could take differently is an
 * error here, so that whatever passes is framed beyond doubt.
 */
export interface Message {
  /** The request line or the status line. */
  readonly start: string;
  /** Names in lower case and values, in their order. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** How the end of a message is known where its own head does not tell. */
export interface Reading {
  /** The method that is answered; null where the message is a request. */
  readonly answers: string | null;
  /** True once the connection has ended, so that no more bytes will come. */
  readonly ended: boolean;
}

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\xff]+ HTTP\/1\.1$/;
const STATUS_LINE = /^HTTP\/1\.1 [1-9]\d\d [\t\x20-\x7e\x80-\xff]*$/;
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * @returns the message and what follows it; null while it is not whole
 * @throws Error where it is not HTTP beyond doubt
 */
export function readMessage(
  bytes: Buffer,
  reading: Reading,
): { readonly message: Message; readonly rest: Buffer } | null {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1) return null;
  const [start = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  demand((reading.answers === null ? REQUEST_LINE : STATUS_LINE).test(start), `start line ${JSON.stringify(start)}`);
  const fields = lines.map(readField);
  const body = readBody(bytes.subarray(end + HEAD_END.length), start, fields, reading);
  return body && { message: { start, fields, body: body.content }, rest: body.rest };
}

/** All values of a field. */
export function valuesOf({ fields }: Pick<Message, 'fields'>, name: string): string[] {
  return fields.filter(([field]) => field === name).map(([, value]) => value);
}

export function statusOf({ start }: Message): number {
  return Number(start.split(' ')[1]);
}

/** The status and the code of an error of ours; null for any other answer. */
export function errorCodeOf(answer: Message): string | null {
  const [, code] = /"type":"refrain_error","param":(?:null|"[^"]*"),"code":"(\w+)"/.exec(answer.body.toString()) ?? [];
  return code === undefined ? null : `${statusOf(answer)} ${code}`;
}

interface Body {
  readonly content: Buffer;
  readonly rest: Buffer;
}

function readField(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  const [name, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '')];
  demand(colon > 0 && NAME.test(name) && VALUE.test(value), `field ${JSON.stringify(line)}`);
  return [name.toLowerCase(), value];
}

function readBody(bytes: Buffer, start: string, fields: Message['fields'], { answers, ended }: Reading): Body | null {
  const lengths = valuesOf({ fields }, 'content-length');
  const codings = valuesOf({ fields }, 'transfer-encoding');
  demand(lengths.length + codings.length <= 1, `framing [${lengths}] [${codings}]`);
  const status = answers === null ? 0 : Number(start.split(' ')[1]);
  if (answers === 'HEAD' || status === 204 || status === 304 || (status > 0 && status < 200))
    return { content: Buffer.alloc(0), rest: bytes };
  if (codings.length > 0) {
    demand(codings[0] === 'chunked', `coding ${codings[0]}`);
    return readChunks(bytes);
  }
  if (lengths.length === 0) {
    if (answers === null) return { content: Buffer.alloc(0), rest: bytes };
    return ended ? { content: bytes, rest: Buffer.alloc(0) } : null;
  }
  demand(/^\d+$/.test(lengths[0] as string), `length ${lengths[0]}`);
  const length = Number(lengths[0]);
  return bytes.length < length ? null : { content: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

function readChunks(bytes: Buffer): Body | null {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line === -1) return null;
    const size = bytes.toString('latin1', at, line);
    demand(/^[0-9a-fA-F]{1,8}$/.test(size), `chunk size ${JSON.stringify(size)}`);
    const [begin, end] = [line + 2, line + 2 + Number.parseInt(size, 16)];
    if (bytes.length < end + 2) return null;
    demand(bytes.toString('latin1', end, end + 2) === '\r\n', 'the end of a chunk');
    if (begin === end) return { content: Buffer.concat(parts), rest: bytes.subarray(end + 2) };
    parts.push(bytes.subarray(begin, end));
    at = end + 2;
  }
}

function demand(met: boolean, what: string): void {
  if (!met) throw new Error(`not HTTP beyond doubt: ${what}`);
}
