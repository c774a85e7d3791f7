/**
 * The requests and answers that are measured.
 */
import { chatAnswer, chatEvents } from '../harness/answers.ts';

/** A prompt of about so many bytes, as clients write it: the larger ones with tools and many messages. */
export function promptOf(bytes: number, others: object = {}): string {
  const tools =
    bytes < 10_000
      ? []
      : Array.from({ length: 10 }, (_, index) => ({
          type: 'function',
          function: {
            name: `look_up_${index}`,
            description: 'Looks up what is known of a place.',
            parameters: {
              type: 'object',
              properties: { place: { type: 'string' }, depth: { type: 'number' } },
              required: ['place'],
            },
          },
        }));
  const count = Math.max(1, Math.min(1_000, Math.round(bytes / 1_000)));
  const head = { model: 'gpt-test', ...others, ...(tools.length > 0 ? { tools } : {}) };
  const room = (bytes - JSON.stringify(head).length) / count - 40;
  const content = 'All the waters of the sea are one water. '.repeat(Math.ceil(room / 41)).slice(0, Math.max(1, room));
  const messages = Array.from({ length: count }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `${index} ${content}`,
  }));
  return JSON.stringify({ ...head, messages });
}

/** An answer of about so many bytes. */
export const answerOf = (bytes: number) => chatAnswer('x'.repeat(Math.max(1, bytes - chatAnswer('').length)));

export const streamOf = (events: number) =>
  chatEvents(Array.from({ length: events - 3 }, (_, index) => ` word ${index}`)).join('');

/** The headers of a stored answer, one of its own among them. */
export const headersOf = (index: number): string[] => [
  'Content-Type',
  'application/json',
  'x-request-id',
  `req_${String(index).padStart(32, '0')}`,
  'openai-version',
  '2020-10-01',
];
