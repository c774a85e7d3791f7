/**
 * An outcome as a mark and its word.
 */
import type { OutcomeName } from '../outcomes.ts';

export function OutcomeWord({ outcome }: { readonly outcome: OutcomeName }) {
  return (
    <span class={`outcome ${outcome}`}>
      <i aria-hidden="true" />
      {outcome}
    </span>
  );
}
