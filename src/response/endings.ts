/**
 * The words for why a choice or a message ended, in lower case: gateways between two APIs pass on those of the other.
 * The lists are closed: servers report failures in this place, in words of their own, and of `pause_turn` an answer
 * goes on.
 */
import type { Keep } from './complete.ts';

/** The reasons for which a model ends by itself. */
export const ENDINGS: ReadonlySet<string> = new Set([
  'stop',
  'tool_calls',
  'function_call',
  'tool_use',
  'eos',
  'eos_token',
  'stop_sequence',
  'end_turn',
  'compaction',
]);

const LENGTHS = ['length', 'max_tokens', 'max_output_tokens', 'model_length', 'model_context_window_exceeded'] as const;

/** The reasons for which an answer ends before the model has ended it. */
export const CUTS: ReadonlyMap<string, Keep> = new Map([
  ...LENGTHS.map((reason) => [reason, 'length'] as const),
  ...['content_filter', 'refusal'].map((reason) => [reason, 'content-filter'] as const),
]);

/** The reasons that promise a call. */
export const CALLING: ReadonlySet<string> = new Set(['tool_calls', 'function_call', 'tool_use']);
