/**
 * How full the tiers are.
 */
import type { StateAnswer, TierState } from '../api/answers.ts';
import { formatBytes, formatCount, formatPercent } from '../format.ts';

export function Health({ state }: { readonly state: StateAnswer | null }) {
  if (!state) return <section class="health" />;
  return (
    <section class="health scroll-x" aria-label="Tiers" tabIndex={0}>
      <table class="lines">
        <caption>What the tiers hold</caption>
        <thead>
          <tr>
            <th scope="col">Tier</th>
            <th scope="col" class="number">
              Entries
            </th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="number">
              Of
            </th>
            <th scope="col" class="number">
              Evicted
            </th>
          </tr>
        </thead>
        <tbody>
          {state.tiers.map((tier) => (
            <Tier key={tier.tier} tier={tier} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Tier({ tier: { tier, entries, bytes, maxBytes, evictions } }: { readonly tier: TierState }) {
  return (
    <tr>
      <th scope="row">{tier}</th>
      <td class="number">{formatCount(entries)}</td>
      <td class="number">{formatBytes(bytes)}</td>
      <td class="number">
        {maxBytes === null ? 'no bound' : `${formatBytes(maxBytes)} (${formatPercent(bytes / maxBytes)})`}
      </td>
      <td class="number">{formatCount(evictions)}</td>
    </tr>
  );
}
