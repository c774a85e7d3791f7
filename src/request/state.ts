/**
 * Requests that are more than a function of their bytes: they create or read
 * state on the server, look at the world, or are drawn by chance. The rules of
 * each endpoint stand in its descriptor; here is what those of OpenAI share,
 * after its published description of each field.
 */
import { isSet } from './body-fields.ts';
import { isGroundingTool, SEARCH_DECIDING_NAMES } from './searches.ts';

/** Why an answer must not be shared or kept. */
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

/** Every name, at any depth, whose value decides in OpenAI's endpoints; where one is uncertain, so is the decision. */
export const OPENAI_DECIDING_NAMES: ReadonlySet<string> = new Set([
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

/** The reason that tools give which are not the client's own, or nothing. */
export function whyHosted(tools: readonly unknown[]): StateReason | null {
  for (const tool of tools) {
    const { type, external_web_access: external, environment } = (tool ?? {}) as JsonObject;
    if (isGroundingTool(tool)) return 'web-search';
    if (CLIENT_TOOLS.has(type)) continue;
    if (type === 'shell' && (environment as JsonObject | undefined)?.type === 'local') continue;
    const searches = typeof type === 'string' && type.startsWith('web_search');
    // Codex lists a web search that is switched off with every request; an answer that used one is not kept.
    if (searches && external === false) continue;
    return searches ? 'web-search' : 'hosted-tool';
  }
  return null;
}

/** Tests for anything but absent, null and false: a server may take it for true. */
export function isOn(value: unknown): boolean {
  return isSet(value) && value !== false;
}
