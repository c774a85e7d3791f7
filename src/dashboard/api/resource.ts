/**
 * An answer of the admin API that a view shows: asked when the view needs it, asked again as time passes, kept where it
 * cannot be had any more. While the page is hidden nothing is asked.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePage } from '../page-context.ts';
import { AskError } from './client.ts';

export interface Resource<T> {
  /** The last that was had, perhaps of another address than the one now asked for. */
  readonly value: T | null;
  readonly error: AskError | null;
  /** Nothing is there yet, and it takes long enough to say so. */
  readonly isSlow: boolean;
  reload(): void;
}

/** The time after which a skeleton is shown: below it one would only flash. */
const SLOW_MS = 200;

/**
 * @param path null asks nothing
 * @param every milliseconds between two asks; null asks once
 */
export function useResource<T>(path: string | null, every: number | null = null): Resource<T> {
  const { api } = usePage();
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<Pick<Resource<T>, 'value' | 'error'>>({ value: null, error: null });
  const [isSlow, setSlow] = useState(false);
  const isHad = useRef(false);
  const token = api.tokens.value;
  const isSilent = api.silentSince.value !== null;

  // The proxy answers again: what it did not answer is asked anew.
  useEffect(() => {
    if (!isSilent && state.error?.status === 0) setTurn((last) => last + 1);
  }, [isSilent]);

  useEffect(() => {
    if (path === null) return;
    const end = new AbortController();
    let timer = 0;
    const slow = window.setTimeout(() => setSlow(!isHad.current), SLOW_MS);
    const look = async () => {
      try {
        const value = await api.ask<T>(path, { signal: end.signal });
        isHad.current = true;
        setState({ value, error: null });
      } catch (error) {
        if (end.signal.aborted) return;
        const known = error instanceof AskError ? error : new AskError(0, 'unreadable', String(error));
        setState((former) => ({ ...former, error: known }));
      }
      window.clearTimeout(slow);
      setSlow(false);
      if (every !== null && !end.signal.aborted) timer = window.setTimeout(lookIfSeen, every);
    };
    const lookIfSeen = () => {
      if (!document.hidden) void look();
      else document.addEventListener('visibilitychange', lookIfSeen, { once: true, signal: end.signal });
    };
    void look();
    return () => {
      end.abort();
      window.clearTimeout(timer);
      window.clearTimeout(slow);
    };
  }, [path, every, turn, token]);

  return { ...state, isSlow, reload: () => setTurn((last) => last + 1) };
}
