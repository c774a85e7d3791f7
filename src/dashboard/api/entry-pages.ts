/**
 * Entries page after page: by cursor, since entries come and go while one looks.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePage } from '../page-context.ts';
import type { EntryLine } from './answers.ts';
import type { AskError } from './client.ts';

export interface EntryPages {
  readonly rows: readonly EntryLine[];
  /** Null where there are no more. */
  readonly next: string | null;
  readonly error: AskError | null;
  /** At least one page was read. */
  readonly isDone: boolean;
  readonly isSlow: boolean;
  /** Asks for the next page, unless that is under way. */
  more(): void;
  reload(): void;
}

interface PageOfEntries {
  readonly entries: readonly EntryLine[];
  readonly next: string | null;
}

const NONE = {
  rows: [] as readonly EntryLine[],
  next: null as string | null,
  error: null as AskError | null,
  isDone: false,
};
const SLOW_MS = 200;

/** Rows that fill a screen. */
const SCREEN = 60;

export function useEntryPages(query: string): EntryPages {
  const { api } = usePage();
  const [state, setState] = useState(NONE);
  const [isSlow, setSlow] = useState(false);
  const [turn, setTurn] = useState(0);
  const asking = useRef<AbortController | null>(null);

  const ask = async (cursor: string | null) => {
    asking.current?.abort();
    const mine = new AbortController();
    asking.current = mine;
    const slow = window.setTimeout(() => setSlow(true), SLOW_MS);
    try {
      const path = `/entries?${query}${cursor === null ? '' : `&cursor=${cursor}`}`;
      const { entries, next } = await api.ask<PageOfEntries>(path, { signal: mine.signal });
      setState(({ rows }) => ({
        rows: cursor === null ? entries : [...rows, ...entries],
        next,
        error: null,
        isDone: true,
      }));
    } catch (error) {
      const { status } = error as AskError;
      // Rows of another question would pass for an answer to this one; where nothing answers, the last ones stay.
      const isRefused = cursor === null && status !== 0;
      if (!mine.signal.aborted) setState((former) => ({ ...(isRefused ? NONE : former), error: error as AskError }));
    }
    window.clearTimeout(slow);
    setSlow(false);
    if (asking.current === mine) asking.current = null;
  };

  useEffect(() => {
    void ask(null);
    return () => asking.current?.abort();
  }, [query, turn, api.tokens.value]);

  // A page of what is searched may be short, or empty, with more to come after it.
  useEffect(() => {
    if (state.next !== null && state.error === null && state.rows.length < SCREEN && !asking.current)
      void ask(state.next);
  }, [state]);

  return {
    ...state,
    isSlow,
    more: () => {
      if (!asking.current && state.next !== null) void ask(state.next);
    },
    reload: () => setTurn(turn + 1),
  };
}
