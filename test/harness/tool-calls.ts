/**
 * Answers in which the model calls a tool, and the tool that it calls.
 */
import { answerAll, chatAnswer, chatChunk, responseAnswer, sendJson, sendStream } from './answers.ts';
import type { Script } from './upstream.ts';

/** A tool as a JSON Schema, for both endpoints to spell in their own way. */
export const DEPTH_TOOL = {
  name: 'depth_of',
  description: 'How deep a sea is',
  parameters: {
    type: 'object',
    properties: { sea: { type: 'string' } },
    required: ['sea'],
    additionalProperties: false,
  },
} as const;

export const DEPTH_ARGUMENTS = { sea: 'Baltic' } as const;

/** The arguments in pieces, as models send them: they break inside names and values. */
const PIECES = ['{"se', 'a":"Bal', 'tic"}'] as const;

const CALL_ID = 'call_1';

function toolChatAnswer(): string {
  const call = { id: CALL_ID, type: 'function', function: { name: DEPTH_TOOL.name, arguments: PIECES.join('') } };
  const message = { role: 'assistant', content: null, refusal: null, tool_calls: [call] };
  return chatAnswer('', { choices: [{ index: 0, message, logprobs: null, finish_reason: 'tool_calls' }] });
}

/** The events of a chat stream that calls a tool: its name first, then its arguments. */
function toolChatEvents(): string[] {
  const callChunk = (call: object) => chatChunk({ tool_calls: [{ index: 0, ...call }] });
  const name = callChunk({ id: CALL_ID, type: 'function', function: { name: DEPTH_TOOL.name, arguments: '' } });
  const pieces = PIECES.map((piece) => callChunk({ function: { arguments: piece } }));
  return [
    chatChunk({ role: 'assistant', content: null }),
    name,
    ...pieces,
    chatChunk({}, 'tool_calls'),
    'data: [DONE]\n\n',
  ];
}

function toolResponse(status: string): Record<string, unknown> {
  const item = {
    id: 'fc_1',
    type: 'function_call',
    status,
    call_id: CALL_ID,
    name: DEPTH_TOOL.name,
    arguments: PIECES.join(''),
  };
  return { ...JSON.parse(responseAnswer('', 'resp_tool', status)), output: [item] };
}

function toolResponseAnswer(): string {
  return JSON.stringify(toolResponse('completed'));
}

/** The events of a responses stream that calls a tool. */
function toolResponseEvents(): string[] {
  let count = 0;
  const event = (type: string, fields: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: count++, ...fields })}\n\n`;
  const whole = toolResponse('completed');
  const [item] = whole.output as [object];
  const place = { item_id: 'fc_1', output_index: 0 };
  return [
    event('response.created', { response: { ...toolResponse('in_progress'), output: [] } }),
    event('response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress', arguments: '' } }),
    ...PIECES.map((delta) => event('response.function_call_arguments.delta', { ...place, delta })),
    event('response.function_call_arguments.done', { ...place, name: DEPTH_TOOL.name, arguments: PIECES.join('') }),
    event('response.output_item.done', { output_index: 0, item }),
    event('response.completed', { response: whole }),
  ];
}

/** Calls the tool where the request offers it and does not bring its result already; answers as usual elsewhere. */
export const answerTools: Script = (call) => {
  const { stream = false, tools, messages = [], input } = JSON.parse(call.body.toString() || '{}');
  const turns = Array.isArray(input) ? input : messages;
  const called = turns.some(({ role, type }: Turn) => role === 'tool' || type === 'function_call_output');
  if (tools === undefined || called) return answerAll(call);
  const responses = call.url.endsWith('/responses');
  if (stream) return sendStream(call, responses ? toolResponseEvents() : toolChatEvents());
  return sendJson(call, responses ? toolResponseAnswer() : toolChatAnswer());
};

interface Turn {
  readonly role?: string;
  readonly type?: string;
}
