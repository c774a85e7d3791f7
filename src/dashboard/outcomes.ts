/**
 * The outcomes of requests and the reasons behind them, each in words: a colour never stands alone.
 */
export const OUTCOMES = ['hit', 'follow', 'miss', 'bypass', 'refusal'] as const;

export type OutcomeName = (typeof OUTCOMES)[number];

export const OUTCOME_WORDS: Readonly<Record<OutcomeName, string>> = {
  hit: 'answered from the cache',
  follow: 'joined an answer on its way',
  miss: 'fetched from the upstream',
  bypass: 'went past the cache',
  refusal: 'refused by the proxy',
};

const REASON_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'new': 'never seen, evicted or purged',
    'expired': 'the entry was too old',
    'max-age': 'the client wanted a younger one',
    'refresh': 'the client asked anew',
    'revoked': 'the upstream refused the credential',
    'recheck': 'fetched to be compared',
    'vary': 'stored for other headers',
    'future': 'stored by a clock that is ahead',
    'store-down': 'the store does not answer',
  }),
);

/** A reason for a person. An address may name any. */
export function explainReason(reason: string): string {
  if (reason.startsWith('not-kept-')) return `the answer before was not kept: ${reason.slice(9)}`;
  return REASON_WORDS.get(reason) ?? '';
}
