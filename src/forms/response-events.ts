/**
 * The events of the Responses API that are understood, and the members of each beside `type` and `sequence_number`.
 * Events of tools that the server runs are not among them, nor is anything in the background.
 */
const OF_ITEM = ['output_index', 'item'];
const OF_PART = ['item_id', 'output_index', 'content_index', 'part'];
const OF_SUMMARY = ['item_id', 'output_index', 'summary_index'];
const OF_CONTENT = ['item_id', 'output_index', 'content_index'];
const OF_CALL = ['item_id', 'output_index'];
const DELTA = ['delta', 'obfuscation'];

/** llama.cpp says beside the response how long it took. */
const AT_THE_END = ['response', 'timings'];

const EVENTS: Readonly<Record<string, readonly string[]>> = {
  'response.created': ['response'],
  'response.in_progress': ['response'],
  'response.completed': AT_THE_END,
  'response.incomplete': AT_THE_END,
  'response.output_item.added': OF_ITEM,
  'response.output_item.done': OF_ITEM,
  'response.content_part.added': OF_PART,
  'response.content_part.done': OF_PART,
  'response.output_text.delta': [...OF_CONTENT, ...DELTA, 'logprobs'],
  'response.output_text.done': [...OF_CONTENT, 'text', 'logprobs'],
  'response.output_text.annotation.added': [...OF_CONTENT, 'annotation_index', 'annotation'],
  'response.refusal.delta': [...OF_CONTENT, ...DELTA],
  'response.refusal.done': [...OF_CONTENT, 'refusal'],
  'response.function_call_arguments.delta': [...OF_CALL, ...DELTA],
  'response.function_call_arguments.done': [...OF_CALL, 'name', 'arguments'],
  'response.custom_tool_call_input.delta': [...OF_CALL, ...DELTA],
  'response.custom_tool_call_input.done': [...OF_CALL, 'input'],
  'response.reasoning_summary_part.added': [...OF_SUMMARY, 'part'],
  'response.reasoning_summary_part.done': [...OF_SUMMARY, 'part', 'status'],
  'response.reasoning_summary_text.delta': [...OF_SUMMARY, ...DELTA],
  'response.reasoning_summary_text.done': [...OF_SUMMARY, 'text'],
  'response.reasoning_text.delta': [...OF_CONTENT, ...DELTA],
  'response.reasoning_text.done': [...OF_CONTENT, 'text'],
  'keepalive': [],
};

export const RESPONSE_EVENTS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(EVENTS).map(([type, members]) => [type, new Set(['type', 'sequence_number', ...members])]),
);
