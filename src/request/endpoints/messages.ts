/**
 * Messages: Anthropic's endpoint, which gateways and local servers speak too.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { type BodyFields, isSet, listOf, memberOf } from '../body-fields.ts';
import { ONE } from '../counts.ts';
import type { FieldOf } from '../fields.ts';
import { choosePlainStream } from '../form.ts';
import { SEARCH_DECIDING_NAMES } from '../searches.ts';
import { type StateReason, whyHosted } from '../state.ts';
import { ASSUMES_NOTHING, isJsonFormat, type RequestEndpoint } from './request-endpoint.ts';

type Params = Anthropic.MessageCreateParams | Anthropic.Beta.Messages.MessageCreateParams;

/** Parameters that the SDK sends as headers. */
type HeaderParam = 'betas' | 'user_profile_id' | 'workspace_id';

/** Fields that older models take, and the SDK's types have no more. */
type FormerField = 'temperature' | 'top_k' | 'top_p';

export const messages: RequestEndpoint<Record<Exclude<FieldOf<Params>, HeaderParam> | FormerField, unknown>> = {
  // Other paths end alike: a message that is posted to a thread is a side effect.
  path: { below: '/messages' },
  fields: {
    model: 'model',
    fallbacks: 'model',
    messages: 'prompt',
    system: 'prompt',
    thread: 'prompt',
    compaction: 'prompt',
    context_management: 'prompt',
    tools: 'tools',
    tool_choice: 'tools',
    mcp_servers: 'tools',
    container: 'tools',
    thinking: 'sampling',
    temperature: 'sampling',
    top_k: 'sampling',
    top_p: 'sampling',
    max_tokens: 'output',
    stop_sequences: 'output',
    output_config: 'output',
    output_format: 'output',
    diagnostics: 'output',
    // Its effect is on what the usage says, and on the bill.
    cache_control: 'service',
    service_tier: 'service',
    speed: 'service',
    inference_geo: 'service',
    billing_policy: 'service',
    fallback_credit_token: 'service',
    stream: 'left out',
    metadata: 'left out',
  },
  decidingNames: new Set([
    'model',
    'stream',
    'stream_options',
    'temperature',
    'seed',
    'thread',
    'container',
    'diagnostics',
    'previous_message_id',
    'fallback_credit_token',
    'mcp_servers',
    'tools',
    'type',
    'output_config',
    'output_format',
    'format',
    ...SEARCH_DECIDING_NAMES,
  ]),
  assumed: ASSUMES_NOTHING,
  authoredIds: null,
  questionField: 'messages',
  isDeletable: false,
  isGenerative: true,
  chooseForm: choosePlainStream,

  whyStateful(fields: BodyFields) {
    if (isSet(fields.get('thread'))) return 'conversation';
    if (isSet(memberOf(fields.get('diagnostics'), 'previous_message_id'))) return 'previous-response';
    // It is good for one retry of one request that was refused.
    if (isSet(fields.get('fallback_credit_token'))) return 'previous-response';
    if (isSet(fields.get('container')) || isAny(fields.get('mcp_servers'))) return 'hosted-tool';
    return whyHosted(listOf(fields.get('tools')), whyHostedTool);
  },

  counts: () => ONE,

  asksForJson(fields) {
    const format = memberOf(fields.get('output_config'), 'format') ?? fields.get('output_format');
    return isJsonFormat(memberOf(format, 'type'));
  },
};

/** Tools that the client runs itself, each by its version. */
const CLIENT_TOOL = /^(bash|text_editor|memory|computer|computer_toolset|browser_toolset)_\d{8}$/;

/** The server runs it, but looks at nothing besides the tools of the request. */
const TOOL_SEARCH = /^tool_search_tool_(regex|bm25)(_\d{8})?$/;

const LOOK_UP = /^web_(search|fetch)_/;

/** The reason that a tool gives which is not the client's own, or nothing; one with a name and without a type is. */
function whyHostedTool(tool: unknown): StateReason | null {
  const type = memberOf(tool, 'type') ?? null;
  // A gateway passes on what another API has there, as in `{"googleSearch": {}}`.
  if (type === null) return isSet(memberOf(tool, 'name')) ? null : 'hosted-tool';
  if (type === 'custom') return null;
  if (typeof type !== 'string') return 'hosted-tool';
  if (CLIENT_TOOL.test(type) || TOOL_SEARCH.test(type)) return null;
  return LOOK_UP.test(type) ? 'web-search' : 'hosted-tool';
}

/** Tests for anything but absent, null and an empty list. */
function isAny(value: unknown): boolean {
  return isSet(value) && !(Array.isArray(value) && value.length === 0);
}
