/**
 * Small bodies of few words, so that two of them are often equal or nearly so:
 * names that decide where order counts, and texts that look like other JSON.
 */
import type { Random } from './random.ts';
import { array, type Json, object, scalar, string } from './json.ts';

const TOP = [
  'messages',
  'messages',
  'messages',
  'input',
  'input',
  'content',
  'a',
  'b',
  'B',
  'user',
  'metadata',
  'stream',
  'stream_options',
  'store',
  'temperature',
  'x',
  '',
  '__proto__',
  '1',
  '0',
  'a":1,"b',
  'a"',
  'aA',
  '\u017f',
  'S',
  's',
];
const NAMES = [
  'content',
  'content',
  'messages',
  'role',
  'text',
  'a',
  'b',
  'A',
  'user',
  'stream',
  '__proto__',
  'constructor',
  '2',
  '10',
  '',
  'a":1,"b',
  '}',
  '\u00e9',
  'e\u0301',
  '\ud800',
  '\ufffd',
  'include_usage',
  'include_obfuscation',
  'id',
  'id',
  'role',
  'type',
  'internal_chat_message_metadata_passthrough',
];
const STRINGS = [
  '',
  ' ',
  'a',
  'A',
  '1',
  '"',
  '\\',
  '\\"',
  '/',
  '{}',
  '"},{"',
  '","a":"',
  ':1,',
  ' stream= stream_options=',
  'json:{}',
  'raw:{}',
  '\u00e9',
  'e\u0301',
  '\ufffd',
  '\ud800',
  '\udc00',
  'user',
  'user',
  'developer',
  'assistant',
  'message',
  'function_call_output',
  'custom_tool_call_output',
  '\ud83d\ude00',
  '\u0000',
  '\u001f',
  '\u007f',
  '\u2028',
  '\ufeff',
  '[CIRCULAR:1]',
];
const SCALARS = [
  'true',
  'true',
  'false',
  'null',
  '0',
  '-0',
  '1',
  '1.0',
  '1e0',
  '1E0',
  '10',
  '9007199254740992',
  '9007199254740993',
  '1e400',
  '1e401',
  '0.1',
  '0.10',
];

const MAX_DEPTH = 5;

export function oddBody(random: Random): Json {
  return object(
    Array.from({ length: random.below(5) }, () => ({ name: random.pick(TOP), value: oddValue(random, 2) })),
  );
}

function oddValue(random: Random, depth: number): Json {
  const kind = random.below(depth > MAX_DEPTH ? 4 : 10);
  if (kind < 2) return scalar(random.pick(SCALARS));
  if (kind < 4) return string(random.pick(STRINGS));
  if (kind < 7) return array(Array.from({ length: random.below(4) }, () => oddValue(random, depth + 1)));
  return object(
    Array.from({ length: random.below(4) }, () => ({ name: random.pick(NAMES), value: oddValue(random, depth + 1) })),
  );
}
