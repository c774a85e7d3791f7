/**
 * The meaning of a body, found slowly by rules of its own: the second opinion that
 * names are held against. Two bodies of one endpoint ask the same exactly where
 * their meanings are equal.
 */
import { isUtf8 } from 'node:buffer';
import type { Dialect } from '../../src/dialect.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import { isEnvelope, type Json, type Member, object, parse, type Place, placeBelow } from './json.ts';

const FORM = ['stream', 'stream_options'];
const LABELS = [
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'metadata',
  'client_metadata',
  ...FORM,
];

/** Members of a body that the name leaves out, or has in the form. */
export const LEFT_OUT: Readonly<Record<Dialect, readonly string[]>> = {
  openai: LABELS,
  anthropic: ['metadata', ...FORM],
  engine: LABELS,
  compatible: FORM,
};

const readsAsOpenai = (dialect: Dialect) => dialect === 'openai' || dialect === 'engine';

/** @param body a JSON object, not nested beyond the bound */
export function meaningOf(dialect: Dialect, endpoint: Endpoint, body: Buffer): string {
  if (!isUtf8(body)) return `bytes ${body.toString('hex')}`;
  const json = parse(body.toString()) as Extract<Json, { kind: 'object' }>;
  if (isDoubtful(json, 'body')) return `bytes ${body.toString('hex')}`;
  const hasLabels = endpoint === 'responses' && readsAsOpenai(dialect);
  const members = json.members
    .filter(({ name }) => !LEFT_OUT[dialect].includes(name))
    .map((member) => (hasLabels && member.name === 'input' ? withoutLabels(member) : member));
  if (hasLabels && !json.members.some(({ name }) => name === 'store'))
    members.push({ name: 'store', value: { kind: 'scalar', source: 'true' } });
  return `${normal(object(members), 'body')} as ${formOf(endpoint, json.members)}`;
}

/** Types of items that a client writes. */
const AUTHORED = [
  'function_call_output',
  'custom_tool_call_output',
  'shell_call_output',
  'apply_patch_call_output',
  'computer_call_output',
  'additional_tools',
];

const NOTES = 'internal_chat_message_metadata_passthrough';

/** Ids that a client gives to what it wrote itself say nothing, nor do its notes. */
function withoutLabels({ name, value, ...member }: Member): Member {
  if (value.kind !== 'array') return { name, value, ...member };
  const items = value.items.map((item) => {
    if (item.kind !== 'object') return item;
    const labels = isAuthored(item.members) ? ['id', NOTES] : [NOTES];
    return object(item.members.filter((inner) => !labels.includes(inner.name)));
  });
  return { name, value: { ...value, items }, ...member };
}

function isAuthored(members: readonly Member[]): boolean {
  const [role, type, execution] = ['role', 'type', 'execution'].map(
    (name) => members.find((member) => member.name === name)?.value,
  );
  const is = (json: Json | undefined, ...texts: string[]) => json?.kind === 'string' && texts.includes(json.value);
  return (
    is(type, ...AUTHORED) ||
    (is(type, 'tool_search_output') && is(execution, 'client')) ||
    ((type === undefined || is(type, 'message')) && is(role, 'user', 'developer', 'system'))
  );
}

/** True where two readers may understand it differently. */
function isDoubtful(json: Json, place: Place): boolean {
  if (json.kind === 'string') return !json.value.isWellFormed();
  if (json.kind === 'scalar') return false;
  if (json.kind === 'array') return json.items.some((item) => isDoubtful(item, placeBelow(place, json)));
  const names = json.members.map(({ name }) => (isEnvelope(place) ? name.toUpperCase().toLowerCase() : name));
  return (
    new Set(names).size < names.length ||
    json.members.some(({ name, value }) => !name.isWellFormed() || isDoubtful(value, placeBelow(place, json, name)))
  );
}

function normal(json: Json, place: Place): string {
  if (json.kind === 'string') return JSON.stringify(json.value);
  if (json.kind === 'scalar') return json.source;
  if (json.kind === 'array') return `[${json.items.map((item) => normal(item, placeBelow(place, json))).join(',')}]`;
  const members = isEnvelope(place) ? json.members.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : json.members;
  const texts = members.map(
    ({ name, value }) => `${JSON.stringify(name)}:${normal(value, placeBelow(place, json, name))}`,
  );
  return `{${texts.join(',')}}`;
}

/** The form; where `stream` and its options say something else, their own words. */
function formOf(endpoint: Endpoint, members: readonly Member[]): string {
  const [stream, options] = ['stream', 'stream_options'].map((name) => members.find((member) => member.name === name));
  const words = `${stream?.written} ${options?.written}`;
  if (['embeddings', 'moderations', 'rerank'].includes(endpoint)) return words;
  const chosen = options === undefined ? null : (JSON.parse(options.written as string) as unknown);
  if ([undefined, 'null', 'false'].includes(stream?.written)) return chosen === null ? 'json' : words;
  if (stream?.written !== 'true') return words;
  if (chosen === null) return 'stream of false and true';
  if (endpoint === 'messages') return words;
  if (typeof chosen !== 'object' || Array.isArray(chosen)) return words;
  const {
    include_usage: usage = false,
    include_obfuscation: padding = true,
    ...others
  } = chosen as Record<string, unknown>;
  const isPlain = typeof usage === 'boolean' && typeof padding === 'boolean' && Object.keys(others).length === 0;
  return isPlain ? `stream of ${usage} and ${padding}` : words;
}
