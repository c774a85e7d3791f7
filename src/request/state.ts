/**
 * Requests that are more than a function of their bytes: they create or read
 * state on the server, look at the world, or are drawn by chance. The rules of
 * each endpoint stand in its descriptor; here is what those of OpenAI share,
 * after its published description of each field.
 */
import { isSet, memberOf } from './body-fields.ts';
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

/** The reason that tools give which are not the client's own, or nothing. @param whyOf that of one tool */
export function whyHosted(
  tools: readonly unknown[],
  whyOf: (tool: unknown) => StateReason | null = whyHostedTool,
): StateReason | null {
  for (const tool of tools) {
    const why = isGroundingTool(tool) ? 'web-search' : whyOf(tool);
    if (why !== null) return why;
  }
  return null;
}

function whyHostedTool(tool: unknown): StateReason | null {
  const { type, external_web_access: external, environment } = (tool ?? {}) as JsonObject;
  if (CLIENT_TOOLS.has(type)) return null;
  if (type === 'shell' && memberOf(environment, 'type') === 'local') return null;
  if (typeof type !== 'string' || !type.startsWith('web_search')) return 'hosted-tool';
  // Codex lists a web search that is switched off with every request; an answer that used one is not kept. Zhipu and
  // Spark search unless they are told not to.
  const isOff = external === false || memberOf(memberOf(tool, 'web_search'), 'enable') === false;
  return isOff ? null : 'web-search';
}

/** Tests for anything but absent, null and false: a server may take it for true. */
export function isOn(value: unknown): boolean {
  return isSet(value) && value !== false;
}
