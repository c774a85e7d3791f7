/**
 * Requests, and answers in JSON, as turns of a conversation.
 */
import { type LooseObject, fieldsOf, listOf, type Part, partsOf, plainOf, textOf, type Turn } from './part.ts';

/** @param body the parsed body of a request */
export function askedTurns(endpoint: string | null, body: unknown): readonly Turn[] {
  const asked = fieldsOf(body);
  switch (endpoint) {
    case 'chat':
      return listOf(asked['messages']).map(chatTurn);
    case 'messages':
      return [...turnOf('system', partsOf(asked['system'])), ...listOf(asked['messages']).map(chatTurn)];
    case 'responses':
      return [...turnOf('system', partsOf(asked['instructions'])), ...itemTurns(asked['input'], 'user')];
    case 'completions':
      return inputTurns('prompt', asked['prompt']);
    case 'rerank':
      return [...inputTurns('query', asked['query']), ...inputTurns('document', asked['documents'])];
    default:
      return asked['input'] === undefined ? [] : inputTurns('input', asked['input']);
  }
}

/** @param body the parsed body of an answer that is no stream */
export function answeredTurns(body: unknown): readonly Turn[] {
  const answer = fieldsOf(body);
  if (Array.isArray(answer['choices'])) return answer['choices'].map(choiceTurn);
  if (Array.isArray(answer['output'])) return itemTurns(answer['output'], 'assistant');
  if (answer['type'] === 'message') return [chatTurn({ ...answer, finish_reason: answer['stop_reason'] })];
  return [{ role: 'answer', parts: [{ kind: 'json', value: body }] }];
}

function choiceTurn(value: unknown): Turn {
  const choice = fieldsOf(value);
  const ending = textOf(choice['finish_reason']) || undefined;
  if (typeof choice['text'] === 'string') return { role: 'assistant', parts: partsOf(choice['text']), ending };
  return { ...chatTurn(choice['message']), ending };
}

export function chatTurn(value: unknown): Turn {
  const message = fieldsOf(value);
  const role = textOf(message['role']) || 'unknown';
  const name = textOf(message['name']);
  const ending = textOf(message['finish_reason']) || undefined;
  const content = message['content'];
  const parts: readonly Part[] =
    role === 'tool' || role === 'function'
      ? [{ kind: 'result', id: textOf(message['tool_call_id']) || name, text: plainOf(content) }]
      : [...reasoningOf(message), ...partsOf(content), ...refusalOf(message), ...callsOf(message)];
  return { role: name === '' || role === 'function' ? role : `${role} ${name}`, parts, ending };
}

function reasoningOf(message: LooseObject): readonly Part[] {
  const text = textOf(message['reasoning_content'] ?? message['reasoning']);
  return text === '' ? [] : [{ kind: 'reasoning', text }];
}

function refusalOf(message: LooseObject): readonly Part[] {
  const text = textOf(message['refusal']);
  return text === '' ? [] : [{ kind: 'refusal', text }];
}

function callsOf(message: LooseObject): readonly Part[] {
  const single = message['function_call'] ? [{ function: message['function_call'] }] : [];
  return [...listOf(message['tool_calls']), ...single].map((value) => {
    const call = fieldsOf(value);
    const made = fieldsOf(call['function'] ?? call['custom']);
    const args = made['arguments'] ?? made['input'];
    return { kind: 'call', name: textOf(made['name']), id: textOf(call['id']), args: plainOf(args ?? '') };
  });
}

/** The input or output of the Responses API: a text, or a list of items. */
export function itemTurns(value: unknown, role: string): readonly Turn[] {
  if (!Array.isArray(value)) return turnOf(role, partsOf(value));
  return value.map((one) => {
    const item = fieldsOf(one);
    const ofItem = textOf(item['role']) || role;
    switch (item['type']) {
      case 'reasoning': {
        const texts = [...listOf(item['summary']), ...listOf(item['content'])].map((part) =>
          textOf(fieldsOf(part)['text']),
        );
        return { role: 'assistant', parts: [{ kind: 'reasoning', text: texts.join('\n\n') }] };
      }
      case 'function_call':
      case 'custom_tool_call':
        return {
          role: 'assistant',
          parts: [
            {
              kind: 'call',
              name: textOf(item['name']),
              id: textOf(item['call_id']),
              args: plainOf(item['arguments'] ?? item['input'] ?? ''),
            },
          ],
        };
      case 'function_call_output':
      case 'custom_tool_call_output':
        return {
          role: 'tool',
          parts: [{ kind: 'result', id: textOf(item['call_id']), text: plainOf(item['output']) }],
        };
      case 'message':
      case undefined:
        return { role: ofItem, parts: partsOf(item['content']) };
      default:
        return { role: ofItem, parts: [{ kind: 'json', value: one }] };
    }
  });
}

/** A turn for each of several texts, or for one. */
function inputTurns(role: string, value: unknown): readonly Turn[] {
  const inputs = Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : [value];
  return inputs.map((input, at) => ({
    role: inputs.length === 1 ? role : `${role} ${at + 1}`,
    parts: typeof input === 'string' ? partsOf(input) : [{ kind: 'json', value: input }],
  }));
}

function turnOf(role: string, parts: readonly Part[]): readonly Turn[] {
  return parts.length === 0 ? [] : [{ role, parts }];
}
