/**
 * The members of Anthropic's messages that are understood, in documents and in streams alike.
 */

export const MESSAGE_MEMBERS: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'stop_details',
  'container',
  'usage',
]);

/** Members that say why a message ended, which a stream says last. */
export const ENDING_MEMBERS = ['stop_reason', 'stop_sequence', 'stop_details'] as const;

/** The reasons for which a message ends; of any other it may go on. */
export const STOP_REASONS: ReadonlySet<string> = new Set([
  '"end_turn"',
  '"stop_sequence"',
  '"tool_use"',
  '"max_tokens"',
  '"refusal"',
  '"model_context_window_exceeded"',
]);

/** Members of a usage that only its beginning has. */
export const FIRST_USAGE: ReadonlySet<string> = new Set(['cache_creation', 'service_tier', 'inference_geo', 'speed']);

/** Members of a usage that grow, and that the end of a stream says anew. */
export const GROWING_USAGE: ReadonlySet<string> = new Set([
  'input_tokens',
  'output_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'server_tool_use',
  'output_tokens_details',
]);

export const USAGE_MEMBERS: ReadonlySet<string> = new Set([...FIRST_USAGE, ...GROWING_USAGE]);

/** The members of each type of content block. Blocks of tools that the server runs are not among them. */
export const BLOCK_MEMBERS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['"text"', new Set(['type', 'text', 'citations'])],
  ['"thinking"', new Set(['type', 'thinking', 'signature'])],
  ['"redacted_thinking"', new Set(['type', 'data'])],
  ['"tool_use"', new Set(['type', 'id', 'name', 'input', 'caller'])],
]);
