/**
 * The `response` of the Responses API, as far as it has to be understood to go from one form to the other.
 */
import { isNothing, type KnownMembers, readKnown } from './known-members.ts';
import { refuse, refuseIf } from './refusal.ts';
import type { SourceValue } from './source-value.ts';

/** KnownMembers that a response may have; what it was asked with, it repeats. */
const MEMBERS: readonly string[] = [
  'id',
  'object',
  'created_at',
  'status',
  'background',
  'billing',
  'completed_at',
  'conversation',
  'error',
  'frequency_penalty',
  'incomplete_details',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'model',
  'moderation',
  'output',
  'parallel_tool_calls',
  'presence_penalty',
  'previous_response_id',
  'prompt',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'usage',
  'user',
];

/** Members of answers that no stream is known to bring whole: they may be there and say nothing. */
const EMPTY: readonly string[] = [
  'access_programs',
  'ec_transfer_params',
  'image',
  'input_messages',
  'input_transformations',
  'kv_transfer_params',
  'output_messages',
  'prompt_cache_diagnostics',
  'tool_usage',
];

const KNOWN: ReadonlySet<string> = new Set([...MEMBERS, ...EMPTY]);

export interface WholeResponse {
  readonly text: string;
  readonly members: KnownMembers;
  /** The event that ends its stream. */
  readonly ending: 'response.completed' | 'response.incomplete';
}

/** @throws Refusal for a response that failed, goes on in the background or is not known to the last of its members */
export function readResponse(response: SourceValue | undefined): WholeResponse {
  if (response === undefined) refuse('no response');
  const members = readKnown(response, KNOWN);
  for (const name of EMPTY) refuseIf(!isNothing(members.get(name)), 'a value that streams do not bring');
  refuseIf(members.get('object')?.text !== '"response"', 'no response');
  const status = members.get('status')?.text;
  refuseIf(status !== '"completed"' && status !== '"incomplete"', 'a response that has not ended');
  refuseIf((members.get('error')?.text ?? 'null') !== 'null', 'a response that failed');
  refuseIf((members.get('background')?.text ?? 'false') === 'true', 'a response in the background');
  return {
    text: response.text,
    members,
    ending: status === '"completed"' ? 'response.completed' : 'response.incomplete',
  };
}
