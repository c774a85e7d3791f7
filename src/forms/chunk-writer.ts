/**
 * The chunks of a chat or text completion, each with all that the answer says of itself, as the API streams them.
 */
import { refuse, refuseIf } from './refusal.ts';
import { readSource } from './source.ts';
import { memberOf, type SourceValue } from './source-value.ts';
import { isNothing, readKnown, readList } from './known-members.ts';
import { refuseUncounted } from './usage-rule.ts';
import { type WrittenMember, writeLine, writeMembers, writeObject } from './written.ts';

const DONE = 'data: [DONE]\n\n';

/** Members that every chunk repeats, beside `object`. */
const REPEATED: ReadonlySet<string> = new Set(['id', 'created', 'model', 'service_tier', 'system_fingerprint']);

/** Members that the last choice's end brings. */
const AT_THE_END: ReadonlySet<string> = new Set(['timings', 'moderation']);

/** Members that some servers write and leave empty: no stream has them. */
const EMPTY: ReadonlySet<string> = new Set([
  'prompt_logprobs',
  'prompt_token_ids',
  'prompt_text',
  'kv_transfer_params',
  'ec_transfer_params',
  'metrics',
]);

const KNOWN: ReadonlySet<string> = new Set(['object', 'choices', 'usage', ...REPEATED, ...AT_THE_END, ...EMPTY]);

/** The names that a document and its chunks have for themselves. */
export interface ObjectNames {
  readonly document: string;
  readonly chunk: string;
}

/** The pieces of one choice, in order: the members of each beside its `index`. The last one ends it. */
export type SplitChoice = (choice: SourceValue) => readonly (readonly WrittenMember[])[];

export function writeChunks(document: string, hasUsage: boolean, names: ObjectNames, split: SplitChoice): string[] {
  const answer = readKnown(readLine(document), KNOWN);
  refuseIf(answer.get('object')?.text !== JSON.stringify(names.document), 'a document of another kind');
  const pick = (wanted: ReadonlySet<string>) => [...answer].filter(([name]) => wanted.has(name)).map(textOfMember);
  for (const name of EMPTY) refuseIf(!isNothing(answer.get(name)), 'a value that streams do not bring');
  const head = writeMembers([['object', JSON.stringify(names.chunk)], ...pick(REPEATED)]);
  const usage = answer.get('usage')?.text;
  if (hasUsage) refuseUncounted(usage);
  const event = (choices: string, others: readonly WrittenMember[], reported: string | undefined) =>
    `data: {${head},${writeMembers([['choices', `[${choices}]`], ...others, ['usage', reported]])}}\n\n`;
  const none = hasUsage ? 'null' : undefined;
  const choices = readList(answer.get('choices'));
  const pieces = choices.flatMap((choice, at) => splitAt(choice, at, split));
  const last = pieces.pop() ?? refuse('no choices');
  const events = pieces.map((piece) => event(piece, [], none));
  events.push(event(last, pick(AT_THE_END), none));
  if (hasUsage) events.push(event('', [], usage));
  return [...events, DONE];
}

function splitAt(choice: SourceValue, at: number, split: SplitChoice): string[] {
  refuseIf(memberOf(choice, 'index')?.text !== String(at), 'a choice in the place of another');
  return split(choice).map((members) => writeObject(['index', String(at)], ...members));
}

/** The document in one line. */
function readLine(document: string): SourceValue {
  const source = readSource(document);
  const line = writeLine(source);
  return line === source.text ? source : readSource(line);
}

function textOfMember([name, { text }]: readonly [string, SourceValue]): WrittenMember {
  return [name, text];
}
