/**
 * Dollars as far as they are known: tokens without a price cost something that is not known, and not nothing.
 */
import type { SavedByModel } from '../api/answers.ts';

/** Null where no token of that side has a price, and where none of the model has. */
export function knownDollars(
  { dollars, unpricedTokens }: Pick<SavedByModel, 'dollars' | 'unpricedTokens'>,
  side: 'saved' | 'spent',
): number | null {
  const isUnpriced = unpricedTokens.saved + unpricedTokens.spent > 0 && dollars.saved + dollars.spent === 0;
  return isUnpriced || (dollars[side] === 0 && unpricedTokens[side] > 0) ? null : dollars[side];
}
