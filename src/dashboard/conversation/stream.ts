/**
 * An event stream as the answer that it tells, so far as it was told: events are added one by one, as they arrived.
 */
import { fieldsOf, listOf, type LooseObject, type Part, parseJson, textOf, type Turn } from './part.ts';
import { answeredTurns } from './turns.ts';

/** The `data` of each event of a stream that has any, in order: comments are none. */
export function eventsOf(body: string): readonly string[] {
  return body.split(/\r?\n\r?\n|\r\r/).flatMap((block) => {
    const lines = block.split(/\r?\n|\r/).filter((line) => line.startsWith('data:'));
    return lines.length === 0 ? [] : [lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n')];
  });
}

/** A part that grows. */
interface GrowingPart {
  kind: 'text' | 'reasoning' | 'refusal' | 'call';
  text: string;
  name: string;
  id: string;
}

interface GrowingTurn {
  role: string;
  ending: string | undefined;
  readonly parts: Map<string, GrowingPart>;
}

export class StreamFold {
  readonly #turns = new Map<string, GrowingTurn>();
  /** The whole answer, once an event holds it. */
  #whole: readonly Turn[] | null = null;

  add(data: string): void {
    if (data === '' || data === '[DONE]') return;
    const event = fieldsOf(parseJson(data));
    const type = textOf(event['type']);
    if (Array.isArray(event['choices'])) event['choices'].forEach((choice) => this.#addChoice(fieldsOf(choice)));
    else if (type.startsWith('response.')) this.#addOfResponse(type, event);
    else this.#addOfMessage(type, event);
  }

  turns(): readonly Turn[] {
    return (
      this.#whole ??
      [...this.#turns.values()].map(({ role, ending, parts }) => ({
        role,
        ending,
        parts: [...parts.values()].map(partFrom),
      }))
    );
  }

  #turn(name: string): GrowingTurn {
    const known = this.#turns.get(name);
    if (known) return known;
    const made: GrowingTurn = { role: 'assistant', ending: undefined, parts: new Map() };
    this.#turns.set(name, made);
    return made;
  }

  #grow(turn: GrowingTurn, name: string, kind: GrowingPart['kind'], text: unknown): GrowingPart {
    const part = turn.parts.get(name) ?? { kind, text: '', name: '', id: '' };
    turn.parts.set(name, part);
    part.text += textOf(text);
    return part;
  }

  #addChoice(choice: LooseObject): void {
    const turn = this.#turn(String(choice['index'] ?? 0));
    turn.ending = textOf(choice['finish_reason']) || turn.ending;
    if (textOf(choice['text']) !== '') this.#grow(turn, 'text', 'text', choice['text']);
    const delta = fieldsOf(choice['delta']);
    turn.role = textOf(delta['role']) || turn.role;
    const reasoning = delta['reasoning_content'] ?? delta['reasoning'];
    if (textOf(reasoning) !== '') this.#grow(turn, 'reasoning', 'reasoning', reasoning);
    if (textOf(delta['content']) !== '') this.#grow(turn, 'text', 'text', delta['content']);
    if (textOf(delta['refusal']) !== '') this.#grow(turn, 'refusal', 'refusal', delta['refusal']);
    for (const value of listOf(delta['tool_calls'])) {
      const call = fieldsOf(value);
      const made = fieldsOf(call['function']);
      const part = this.#grow(turn, `call ${call['index'] ?? 0}`, 'call', made['arguments']);
      part.name += textOf(made['name']);
      part.id ||= textOf(call['id']);
    }
  }

  #addOfResponse(type: string, event: LooseObject): void {
    const name = `${event['output_index'] ?? 0} ${event['content_index'] ?? event['summary_index'] ?? 0}`;
    const turn = this.#turn('response');
    if (type === 'response.completed' || type === 'response.incomplete') {
      this.#whole = answeredTurns(event['response']);
    } else if (type === 'response.output_text.delta') this.#grow(turn, name, 'text', event['delta']);
    else if (type === 'response.refusal.delta') this.#grow(turn, name, 'refusal', event['delta']);
    else if (/^response\.reasoning\w*\.delta$/.test(type)) this.#grow(turn, name, 'reasoning', event['delta']);
    else if (type === 'response.function_call_arguments.delta') this.#grow(turn, name, 'call', event['delta']);
    else if (type === 'response.output_item.added') {
      const item = fieldsOf(event['item']);
      if (item['type'] !== 'function_call') return;
      const part = this.#grow(turn, name, 'call', '');
      part.name = textOf(item['name']);
      part.id = textOf(item['call_id']);
    }
  }

  /** An event of the Messages API. */
  #addOfMessage(type: string, event: LooseObject): void {
    const turn = this.#turn('message');
    const name = String(event['index'] ?? 0);
    if (type === 'content_block_start') {
      const block = fieldsOf(event['content_block']);
      if (block['type'] !== 'tool_use') return;
      const part = this.#grow(turn, name, 'call', '');
      part.name = textOf(block['name']);
      part.id = textOf(block['id']);
    } else if (type === 'content_block_delta') {
      const delta = fieldsOf(event['delta']);
      if (delta['type'] === 'text_delta') this.#grow(turn, name, 'text', delta['text']);
      else if (delta['type'] === 'thinking_delta') this.#grow(turn, name, 'reasoning', delta['thinking']);
      else if (delta['type'] === 'input_json_delta') this.#grow(turn, name, 'call', delta['partial_json']);
    } else if (type === 'message_delta') {
      turn.ending = textOf(fieldsOf(event['delta'])['stop_reason']) || turn.ending;
    }
  }
}

function partFrom({ kind, text, name, id }: GrowingPart): Part {
  return kind === 'call' ? { kind, name, id, args: text } : { kind, text };
}
