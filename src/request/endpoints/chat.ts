/**
 * Chat completions: the endpoint that most clients and servers speak.
 */
import type OpenAI from 'openai';
import { listOf, memberOf } from '../body-fields.ts';
import { choicesEach } from '../counts.ts';
import { chooseStream } from '../form.ts';
import { isOn, OPENAI_DECIDING_NAMES, whyHosted } from '../state.ts';
import { ASSUMES_NOTHING, isJsonFormat, type RequestEndpoint } from './request-endpoint.ts';

export const chat: RequestEndpoint<OpenAI.ChatCompletionCreateParams> = {
  path: { ending: '/chat/completions' },
  fields: {
    model: 'model',
    messages: 'prompt',
    prediction: 'prompt',
    tools: 'tools',
    tool_choice: 'tools',
    parallel_tool_calls: 'tools',
    functions: 'tools',
    function_call: 'tools',
    web_search_options: 'tools',
    temperature: 'sampling',
    top_p: 'sampling',
    seed: 'sampling',
    frequency_penalty: 'sampling',
    presence_penalty: 'sampling',
    logit_bias: 'sampling',
    n: 'sampling',
    reasoning_effort: 'sampling',
    verbosity: 'sampling',
    response_format: 'output',
    modalities: 'output',
    audio: 'output',
    logprobs: 'output',
    top_logprobs: 'output',
    stop: 'output',
    max_tokens: 'output',
    max_completion_tokens: 'output',
    service_tier: 'service',
    store: 'service',
    moderation: 'service',
    stream: 'left out',
    stream_options: 'left out',
    user: 'left out',
    safety_identifier: 'left out',
    prompt_cache_key: 'left out',
    prompt_cache_retention: 'left out',
    prompt_cache_options: 'left out',
    metadata: 'left out',
  },
  decidingNames: OPENAI_DECIDING_NAMES,
  assumed: ASSUMES_NOTHING,
  authoredIds: null,
  questionField: 'messages',
  isDeletable: true,
  isGenerative: true,
  chooseForm: chooseStream,

  whyStateful(fields) {
    if (isOn(fields.get('store'))) return 'store';
    if (listOf(fields.get('modalities')).includes('audio')) return 'audio';
    return whyHosted(listOf(fields.get('tools')));
  },

  counts: (fields) => ({ choices: choicesEach(fields), prompts: 1, inputs: null }),
  asksForJson: (fields) => isJsonFormat(memberOf(fields.get('response_format'), 'type')),
};
