/**
 * Which requests are more than a function of their bytes: they create or read
 * state on the server, look at the world, or are drawn by chance. The rules
 * follow OpenAI's published description of each field.
 */
import type { Endpoint } from '../endpoint.ts';
import { type Bypasses, whyBypass } from './bypasses.ts';
import { type Fields, isGroundingTool, SEARCH_DECIDING_NAMES } from './searches.ts';

export type FieldReader = Fields;

export type StateReason =
  | 'store'
  | 'conversation'
  | 'background'
  | 'previous-response'
  | 'item-reference'
  | 'unpinned-prompt'
  | 'hosted-tool'
  | 'web-search'
  /** The operator's own rule. */
  | 'configured'
  | 'audio';

type JsonObject = Readonly<Record<string, unknown>>;

/** Tools that the client runs itself; any other is run by the server, with state or effects of its own. */
const CLIENT_TOOLS: ReadonlySet<unknown> = new Set([
  'function',
  'custom',
  'namespace',
  'tool_search',
  'apply_patch',
  'local_shell',
  'computer',
  'computer_use_preview',
]);

/** Every name, at any depth, whose value decides here or in the form; where one is uncertain, so is the decision. */
export const DECIDING_NAMES: ReadonlySet<string> = new Set([
  'model',
  'stream',
  'stream_options',
  'include_usage',
  'include_obfuscation',
  'temperature',
  'seed',
  'n',
  'store',
  'web_search_options',
  'modalities',
  'response_format',
  'text',
  'format',
  'conversation',
  'background',
  'previous_response_id',
  'input',
  'prompt',
  'version',
  'tools',
  'type',
  'environment',
  'external_web_access',
  ...SEARCH_DECIDING_NAMES,
]);

/** Why an answer must not be shared or kept, or nothing. */
export function whyStateful(endpoint: Endpoint, fields: FieldReader, bypasses: Bypasses): StateReason | null {
  return whyStatefulAt(endpoint, fields) ?? whyBypass(bypasses, endpoint, fields);
}

function whyStatefulAt(endpoint: Endpoint, fields: FieldReader): StateReason | null {
  switch (endpoint) {
    case 'chat':
      return whyStatefulChat(fields);
    case 'responses':
      return whyStatefulResponse(fields);
    case 'completions':
    case 'embeddings':
    case 'moderations':
      return null;
  }
}

/** Whether sampling is switched off or seeded. Embeddings and moderations are not sampled. */
export function isDeterministic(endpoint: Endpoint, fields: FieldReader): boolean {
  if (endpoint === 'embeddings' || endpoint === 'moderations') return true;
  return fields.get('temperature') === 0 || typeof fields.get('seed') === 'number';
}

function whyStatefulChat(fields: FieldReader): StateReason | null {
  if (isOn(fields.get('store'))) return 'store';
  if (listOf(fields.get('modalities')).includes('audio')) return 'audio';
  return whyHosted(listOf(fields.get('tools')));
}

function whyStatefulResponse(fields: FieldReader): StateReason | null {
  if (isSet(fields.get('conversation'))) return 'conversation';
  if (isOn(fields.get('background'))) return 'background';
  if (isSet(fields.get('previous_response_id'))) return 'previous-response';
  const prompt = fields.get('prompt');
  if (isSet(prompt) && !isSet((prompt as JsonObject).version)) return 'unpinned-prompt';
  if (listOf(fields.get('input')).some(isItemReference)) return 'item-reference';
  return whyHosted(listOf(fields.get('tools')));
}

/** The API lets a reference go without its type: an id and nothing of its own. */
function isItemReference(item: unknown): boolean {
  const { type, id, role, content } = (item ?? {}) as JsonObject;
  return type === 'item_reference' || (!isSet(type) && isSet(id) && !isSet(role) && !isSet(content));
}

function whyHosted(tools: readonly unknown[]): StateReason | null {
  for (const tool of tools) {
    const { type, external_web_access: external, environment } = (tool ?? {}) as JsonObject;
    if (isGroundingTool(tool)) return 'web-search';
    if (CLIENT_TOOLS.has(type)) continue;
    if (type === 'shell' && (environment as JsonObject | undefined)?.type === 'local') continue;
    const searches = typeof type === 'string' && type.startsWith('web_search');
    // Codex lists a web search that is switched off with every request; an answer that used one all the same is not kept.
    if (searches && external === false) continue;
    return searches ? 'web-search' : 'hosted-tool';
  }
  return null;
}

/** Anything but absent, null and false: a server may take it for true. */
function isOn(value: unknown): boolean {
  return isSet(value) && value !== false;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
