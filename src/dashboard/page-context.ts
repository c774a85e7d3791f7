/**
 * The parts that every view needs, made once in `main` and handed down.
 */
import type { ReadonlySignal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { AdminApi } from './api/client.ts';
import type { LiveLog } from './api/live-log.ts';
import type { RangeName } from './period.ts';
import type { PagePlace } from './route.ts';

export interface PageParts {
  readonly api: AdminApi;
  readonly live: LiveLog;
  readonly route: ReadonlySignal<PagePlace>;
  /** Goes to another place; `replace` leaves no step to go back to. */
  go(hash: string, replace?: boolean): void;
  /** Milliseconds since the epoch, at each full second. */
  readonly now: ReadonlySignal<number>;
  /** The range where the address names none: the shortest that has data. */
  readonly fallbackRange: ReadonlySignal<RangeName>;
  setFallbackRange(range: RangeName): void;
}

export const PageContext = createContext<PageParts | null>(null);

export function usePage(): PageParts {
  const parts = useContext(PageContext);
  if (!parts) throw new Error('a view stands outside of the page');
  return parts;
}
