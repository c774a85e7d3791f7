/**
 * A chat answer that calls a tool.
 */
import { chatAnswer } from '../harness/answers.ts';

/** @param args as the model wrote them, JSON or not */
export function toolAnswer(name: string, args: string, content: string | null = null): string {
  const call = { id: 'call_1', type: 'function', function: { name, arguments: args } };
  const message = { role: 'assistant', content, refusal: null, tool_calls: [call] };
  return chatAnswer('', { choices: [{ index: 0, message, logprobs: null, finish_reason: 'tool_calls' }] });
}
