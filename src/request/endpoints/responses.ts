/**
 * Responses: the endpoint that keeps state on the server unless it is asked not
 * to, and that agents speak.
 */
import type OpenAI from 'openai';
import { type BodyFields, isSet, listOf, memberOf } from '../body-fields.ts';
import { ONE } from '../counts.ts';
import { AUTHORED_IDS } from '../fields.ts';
import { chooseStream } from '../form.ts';
import { isOn, OPENAI_DECIDING_NAMES, whyHosted } from '../state.ts';
import { isJsonFormat, type RequestEndpoint } from './request-endpoint.ts';

/** Codex sends labels of its own, which the types do not have. */
type Variants = OpenAI.Responses.ResponseCreateParams | { client_metadata: unknown };

export const responses: RequestEndpoint<Variants> = {
  path: { ending: '/responses' },
  fields: {
    model: 'model',
    input: 'prompt',
    instructions: 'prompt',
    prompt: 'prompt',
    previous_response_id: 'prompt',
    conversation: 'prompt',
    context_management: 'prompt',
    truncation: 'prompt',
    image: 'prompt',
    tools: 'tools',
    tool_choice: 'tools',
    parallel_tool_calls: 'tools',
    max_tool_calls: 'tools',
    temperature: 'sampling',
    top_p: 'sampling',
    reasoning: 'sampling',
    text: 'output',
    include: 'output',
    top_logprobs: 'output',
    max_output_tokens: 'output',
    service_tier: 'service',
    store: 'service',
    background: 'service',
    moderation: 'service',
    access_programs: 'service',
    stream: 'left out',
    stream_options: 'left out',
    user: 'left out',
    safety_identifier: 'left out',
    prompt_cache_key: 'left out',
    prompt_cache_retention: 'left out',
    prompt_cache_options: 'left out',
    metadata: 'left out',
    client_metadata: 'left out',
  },
  decidingNames: OPENAI_DECIDING_NAMES,
  // An answer with `store: false` cannot be retrieved or continued, so it must not answer a request that stores.
  assumed: new Map([['store', 'true']]),
  authoredIds: AUTHORED_IDS,
  questionField: 'input',
  isDeletable: true,
  isGenerative: true,
  chooseForm: chooseStream,

  whyStateful(fields: BodyFields) {
    if (isSet(fields.get('conversation'))) return 'conversation';
    if (isOn(fields.get('background'))) return 'background';
    if (isSet(fields.get('previous_response_id'))) return 'previous-response';
    const prompt = fields.get('prompt');
    if (isSet(prompt) && !isSet(memberOf(prompt, 'version'))) return 'unpinned-prompt';
    if (listOf(fields.get('input')).some(isItemReference)) return 'item-reference';
    return whyHosted(listOf(fields.get('tools')));
  },

  counts: () => ONE,
  asksForJson: (fields) => isJsonFormat(memberOf(memberOf(fields.get('text'), 'format'), 'type')),
};

/** The API lets a reference go without its type: an id and nothing of its own. */
function isItemReference(item: unknown): boolean {
  const { type, id, role, content } = (item ?? {}) as Readonly<Record<string, unknown>>;
  return type === 'item_reference' || (!isSet(type) && isSet(id) && !isSet(role) && !isSet(content));
}
