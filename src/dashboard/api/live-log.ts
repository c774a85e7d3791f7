/**
 * The requests that ended while the live view was looked at, the last ten thousand of them. `/events` is read with
 * `fetch`, since a page's own event streams cannot send a token, and only while somebody looks: each connection is one
 * of the six that a browser has.
 */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { LiveEvent } from './answers.ts';
import type { AdminApi } from './client.ts';
import { EventLines } from './event-lines.ts';

/** An event, and which one it was. */
export interface LoggedEvent {
  readonly id: number;
  readonly event: LiveEvent;
}

export type LogState = 'off' | 'connecting' | 'reading' | 'broken';

export interface LiveLog {
  readonly state: ReadonlySignal<LogState>;
  /** Oldest first; another array whenever there are more. */
  readonly events: ReadonlySignal<readonly LoggedEvent[]>;
  /** Reads until the returned function is called. */
  read(): () => void;
}

const MOST = 10_000;

/** The time between two turns of the list: each costs a layout. */
const TURN_MS = 100;

const RETRY_MS = 2_000;

export function createLiveLog(api: AdminApi): LiveLog {
  const state = signal<LogState>('off');
  const events = signal<readonly LoggedEvent[]>([]);
  let count = 0;
  let fresh: LoggedEvent[] = [];

  const turn = () => {
    const all = [...events.value, ...fresh];
    events.value = all.length > MOST ? all.slice(-MOST) : all;
    fresh = [];
  };
  const take = (data: string) => {
    fresh.push({ id: count++, event: JSON.parse(data) as LiveEvent });
    if (fresh.length === 1) window.setTimeout(turn, TURN_MS);
  };

  async function readOnce(end: AbortSignal): Promise<void> {
    state.value = 'connecting';
    const { body } = await api.open('/events', end);
    if (!body) return;
    state.value = 'reading';
    const lines = new EventLines();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      lines.add(value).forEach(take);
    }
  }

  return {
    state,
    events,
    read() {
      const end = new AbortController();
      const go = async () => {
        while (!end.signal.aborted) {
          await readOnce(end.signal).catch(() => {});
          if (end.signal.aborted) return;
          state.value = 'broken';
          await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
        }
      };
      void go();
      return () => {
        end.abort();
        state.value = 'off';
      };
    },
  };
}
