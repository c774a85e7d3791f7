/**
 * Bytes as accident or malice changes them.
 */
import type { Random } from '../request/random.ts';

/** Pieces of the languages that a proxy reads, to be put where they do not belong. */
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  '\xef\xbb\xbf',
  ':',
  ',',
  ';',
  '=',
  '"',
  '\\',
  '/',
  '{',
  '}',
  '[',
  ']',
  '0',
  '-1',
  '1e999',
  'ffffffff',
  '\r\n\r\n',
  '\n\n',
  'HTTP/1.1 ',
  'HTTP/1.0',
  'GET / HTTP/1.1\r\n',
  'Host: x\r\n',
  'Content-Length: 1\r\n',
  'content-length: 99\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  'chunked',
  '0\r\n\r\n',
  '1\r\nx\r\n',
  ';x=y',
  'Content-Encoding: gzip\r\n',
  'data: ',
  'data: [DONE]\n\n',
  'data: {}\n\n',
  'event: error\n',
  'event: response.completed\n',
  'id: 1\n',
  ': c\n',
  '[DONE]',
  '"error":{}',
  '"choices":[]',
  '"finish_reason":"stop"',
  '"stream":true',
  '"store":true',
  '"__proto__":{}',
  '"n":9007199254740993',
  '\\u0000',
  '\\ud800',
  'null',
  'true',
  '\x1f\x8b\x08',
  '\x28\xb5\x2f\xfd',
  '--b\r\n',
  '--b--',
];

type Change = (bytes: Buffer, at: number, random: Random) => Buffer;

const CHANGES: readonly Change[] = [
  (bytes, at, random) => withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8))),
  (bytes, at, random) => withByte(bytes, at, random.below(256)),
  (bytes, at, random) => spliced(bytes, at, 0, Buffer.from(random.pick(PIECES), 'latin1')),
  (bytes, at, random) => spliced(bytes, at, random.below(4), Buffer.from(random.pick(PIECES), 'latin1')),
  (bytes, at, random) => spliced(bytes, at, 1 + random.below(16), Buffer.alloc(0)),
  (bytes, at, random) => spliced(bytes, at, 0, bytes.subarray(at, at + 1 + random.below(64))),
  (bytes, at, random) => spliced(bytes, at, 0, bytes.subarray(random.below(bytes.length + 1)).subarray(0, 64)),
  (bytes, at) => bytes.subarray(0, at),
];

/** One to four changes, or none where there is nothing to change. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  let result = bytes;
  for (let changes = 1 + random.below(4); changes > 0 && result.length > 0; changes -= 1) {
    result = random.pick(CHANGES)(result, random.below(result.length), random);
  }
  return result;
}

/** The bytes in one to four pieces. */
export function inPieces(bytes: Buffer, random: Random): Buffer[] {
  const cuts = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1)).sort((a, b) => a - b);
  return [...cuts, bytes.length]
    .map((end, index) => bytes.subarray(cuts[index - 1] ?? 0, end))
    .filter(({ length }) => length > 0);
}

function withByte(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = byte;
  return copy;
}

function spliced(bytes: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
}
