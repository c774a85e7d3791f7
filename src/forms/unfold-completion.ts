/**
 * The chunks of a text completion from its document: for each choice its text, then why it ended.
 */
import { writeChunks } from './chunk-writer.ts';
import { textOf } from './known-members.ts';
import type { SourceValue } from './source-value.ts';
import { NOT_ENDED, readChoice } from './unfold-choice.ts';
import type { WrittenMember } from './written.ts';

/** Document and chunks have one name. */
const NAMES = { document: 'text_completion', chunk: 'text_completion' };
const ENDINGS: ReadonlySet<string> = new Set(['stop', 'length', 'content_filter']);
/** The API's own, and those of chat, which llama.cpp has here too. */
const LOGPROBS: ReadonlySet<string> = new Set(['tokens', 'token_logprobs', 'top_logprobs', 'text_offset', 'content']);

export function unfoldCompletion(document: string, hasUsage: boolean): readonly string[] {
  return writeChunks(document, hasUsage, NAMES, splitChoice);
}

function splitChoice(choice: SourceValue): (readonly WrittenMember[])[] {
  const { members, logprobs, ending } = readChoice(choice, ['text'], ENDINGS, LOGPROBS);
  const [reason = NOT_ENDED, ...others] = ending;
  return [
    [['text', textOf(members.get('text'))], ['logprobs', logprobs?.text], NOT_ENDED],
    [['text', '""'], ['logprobs', logprobs === null ? undefined : 'null'], reason, ...others],
  ];
}
