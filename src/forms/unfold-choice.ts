/**
 * The parts of a choice that chat and text completions share.
 */
import { isEmpty, type KnownMembers, readKnown } from './known-members.ts';
import { refuse, refuseIf } from './refusal.ts';
import type { SourceValue } from './source-value.ts';
import type { WrittenMember } from './written.ts';

/** KnownMembers that servers name beside the API's own, told with the end of a choice. */
const AT_THE_END = ['stop_reason', 'matched_stop', 'native_finish_reason'] as const;

/** KnownMembers that some servers write and leave empty. */
const EMPTY = [
  'token_ids',
  'prompt_logprobs',
  'prompt_token_ids',
  'routed_experts',
  'provider_specific_fields',
] as const;

/** The member by which a choice that goes on says so: clients read it in each chunk, whether or not it is null. */
export const NOT_ENDED: WrittenMember = ['finish_reason', 'null'];

export interface KnownChoice {
  readonly members: KnownMembers;
  /** Null where the choice has no such member. */
  readonly logprobs: SourceValue | null;
  /** The members that end it. */
  readonly ending: readonly WrittenMember[];
}

/** @param names the names of the members that say something @param endings the reasons for which it may end */
export function readChoice(
  choice: SourceValue,
  names: readonly string[],
  endings: ReadonlySet<string>,
  logprobNames: ReadonlySet<string>,
): KnownChoice {
  const members = readKnown(choice, new Set(['index', 'logprobs', 'finish_reason', ...AT_THE_END, ...EMPTY, ...names]));
  for (const name of EMPTY) refuseIf(!isEmpty(members.get(name)), 'a value that streams do not bring');
  const reason = members.get('finish_reason');
  if (reason?.kind !== 'string' || !endings.has(reason.text.slice(1, -1))) refuse('a choice that has not ended');
  const logprobs = members.get('logprobs') ?? null;
  if (logprobs !== null && logprobs.kind !== 'null') readKnown(logprobs, logprobNames);
  const others = AT_THE_END.map((name): WrittenMember => [name, members.get(name)?.text]);
  return { members, logprobs, ending: [['finish_reason', reason.text], ...others] };
}
