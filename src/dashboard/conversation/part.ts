/**
 * A conversation as it is shown, whichever API it was held in. Whatever is not understood is kept as it came, as JSON:
 * a stored request may hold anything.
 */
export type Part =
  | { readonly kind: 'text' | 'reasoning' | 'refusal'; readonly text: string }
  | { readonly kind: 'call'; readonly name: string; readonly id: string; readonly args: string }
  | { readonly kind: 'result'; readonly id: string; readonly text: string }
  | { readonly kind: 'media'; readonly what: string; readonly detail: string; readonly bytes: number | null }
  | { readonly kind: 'json'; readonly value: unknown };

export interface Turn {
  readonly role: string;
  readonly parts: readonly Part[];
  /** Why an answer ended, where it says so. */
  readonly ending?: string | undefined;
}

export type LooseObject = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): LooseObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as LooseObject) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A number as it was written, where a number of the language would not say the same. */
export class WrittenNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Written anew as it was, where the browser can. */
  toJSON(): unknown {
    const { rawJSON } = JSON as { readonly rawJSON?: (text: string) => unknown };
    return rawJSON ? rawJSON(this.text) : Number(this.text);
  }
}

/** The value of a JSON text, its numbers as they were written; undefined for what is none. */
export function parseJson(text: string): unknown {
  const keepNumber = (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    return typeof value === 'number' && source !== undefined && source !== String(value)
      ? new WrittenNumber(source)
      : value;
  };
  try {
    return JSON.parse(text, keepNumber);
  } catch {
    return undefined;
  }
}

/** The parts of a content, which is a text, a list of typed parts, or nothing. */
export function partsOf(content: unknown): readonly Part[] {
  if (content === null || content === undefined || content === '') return [];
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  return Array.isArray(content) ? content.flatMap(partOf) : [{ kind: 'json', value: content }];
}

function partOf(value: unknown): readonly Part[] {
  if (typeof value === 'string') return [{ kind: 'text', text: value }];
  const part = fieldsOf(value);
  switch (part['type']) {
    case 'text':
    case 'input_text':
    case 'output_text':
    case 'summary_text':
      return [{ kind: 'text', text: textOf(part['text']) }];
    case 'refusal':
      return [{ kind: 'refusal', text: textOf(part['refusal']) }];
    case 'thinking':
    case 'reasoning_text':
      return [{ kind: 'reasoning', text: textOf(part['thinking'] ?? part['text']) }];
    case 'tool_use':
    case 'server_tool_use':
      return [
        { kind: 'call', name: textOf(part['name']), id: textOf(part['id']), args: JSON.stringify(part['input']) },
      ];
    case 'tool_result':
      return [{ kind: 'result', id: textOf(part['tool_use_id']), text: plainOf(part['content']) }];
    default:
      return [mediaOf(part) ?? { kind: 'json', value }];
  }
}

/** A text, or what stands in the place of one, as a text. */
export function plainOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = partsOf(content);
  return parts.every((part) => part.kind === 'text')
    ? parts.map((part) => ('text' in part ? part.text : '')).join('\n')
    : JSON.stringify(content);
}

function mediaOf(part: LooseObject): Part | null {
  const type = textOf(part['type']);
  const what = /^(?:input_)?(image|audio|video|file|document)/.exec(type)?.[1];
  if (what === undefined) return null;
  const inner = fieldsOf(part['image_url'] ?? part['input_audio'] ?? part['file'] ?? part['source']);
  const url = textOf(part['image_url']) || textOf(inner['url']);
  const data = textOf(inner['data'] ?? inner['file_data'] ?? part['file_data']) || (url.startsWith('data:') ? url : '');
  const [, named] = /^data:([^;,]{1,60})/.exec(data) ?? [];
  const detail =
    named || textOf(inner['media_type'] ?? inner['format'] ?? inner['filename'] ?? part['filename']) || url;
  const base64 = data.slice(data.indexOf(',') + 1);
  return { kind: 'media', what, detail, bytes: data === '' ? null : Math.floor((base64.length * 3) / 4) };
}
