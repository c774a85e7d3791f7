/**
 * A chat stream of as many events as are wanted.
 */

const CHUNK = {
  id: 'chatcmpl-qItm1qY4CqXHZpKDnOCK',
  object: 'chat.completion.chunk',
  created: 1_795_364_355,
  model: 'gpt-mock-2026-01-01',
  service_tier: 'default',
  system_fingerprint: 'fp_mock',
};

/** A stream of so many events, as OpenAI's API sends them. */
export function longStream(events: number): string {
  const chunk = (choices: object[], usage: object | null) =>
    `data: ${JSON.stringify({ ...CHUNK, choices, usage, obfuscation: '837f874c' })}\n\n`;
  const delta = (said: object, reason: string | null = null) =>
    chunk([{ index: 0, delta: said, logprobs: null, finish_reason: reason }], null);
  const words = Array.from({ length: events - 4 }, (_, at) => delta({ content: `word ${at} ` }));
  const usage = { prompt_tokens: 17, completion_tokens: events, total_tokens: events + 17 };
  const first = delta({ role: 'assistant', content: '', refusal: null });
  return [first, ...words, delta({}, 'stop'), chunk([], usage), 'data: [DONE]\n\n'].join('');
}
