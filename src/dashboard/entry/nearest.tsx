/**
 * Why a request missed: the kept entries that come nearest to it, and the first place where each differs.
 */
import type { NearestAnswer } from '../api/answers.ts';
import { useResource } from '../api/resource.ts';
import { shortKey } from '../format.ts';
import { explainReason } from '../outcomes.ts';
import { usePage } from '../page-context.ts';
import { hashFrom } from '../route.ts';

interface NearestProps {
  readonly entryKey: string;
  /** The reason that its miss gave, where one came from there. */
  readonly reason: string | undefined;
}

export function Nearest({ entryKey, reason }: NearestProps) {
  const { route } = usePage();
  const { value, error } = useResource<NearestAnswer>(`/entries/${encodeURIComponent(entryKey)}/nearest`);
  return (
    <section class="nearest" aria-label="Nearest entries">
      <h2>{reason === undefined ? 'Entries nearest to it' : `It missed: ${reason}`}</h2>
      {reason !== undefined && <p class="quiet">{explainReason(reason)}</p>}
      {(value?.why ?? error?.message) && <p class="quiet">{value?.why ?? error?.message}</p>}
      {value && value.nearest.length > 0 && (
        <ol>
          {value.nearest.map(({ key, differences, first }) => (
            <li key={key}>
              <a href={hashFrom(route.value, 'compare', { a: entryKey, b: key })}>Compare with {shortKey(key)}</a>
              <span>
                {differences === 1 ? 'one difference' : `${differences} differences`}, first <code>{first}</code>
              </span>
            </li>
          ))}
        </ol>
      )}
      {value && value.nearest.length === 0 && value.why === null && <p class="quiet">No other entry is like it.</p>}
    </section>
  );
}
