/**
 * A stored stream, played as its events arrived: once, at their own pace or faster, from any moment on.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatSeconds } from '../format.ts';
import { Conversation } from './conversation.tsx';
import type { Turn } from './part.ts';
import { StreamFold } from './stream.ts';

const SPEEDS = [1, 4, 16] as const;

interface PlayerProps {
  readonly events: readonly string[];
  /** Of each event, in milliseconds from the upstream call on. */
  readonly arrivals: readonly number[];
}

export function Player({ events, arrivals }: PlayerProps) {
  const end = arrivals.at(-1) ?? 0;
  const [moment, setMoment] = useState(end);
  const [speed, setSpeed] = useState<number>(1);
  const [isPlaying, setPlaying] = useState(false);
  const reached = useRef(moment);
  reached.current = moment;
  useEffect(() => {
    if (!isPlaying) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function turn(now) {
      const next = Math.min(end, reached.current + (now - last) * speed);
      last = now;
      setMoment(next);
      if (next < end) frame = requestAnimationFrame(turn);
      else setPlaying(false);
    });
    return () => cancelAnimationFrame(frame);
  }, [isPlaying, speed, end]);
  const play = () => {
    if (!isPlaying && moment >= end) setMoment(0);
    setPlaying(!isPlaying);
  };
  const turns = usePlayed(events, arrivals, moment);
  return (
    <>
      <div class="player">
        <button type="button" onClick={play}>
          {isPlaying ? 'Pause' : 'Play'}
        </button>
        <input
          type="range"
          aria-label="Moment"
          min={0}
          max={end}
          step="any"
          value={moment}
          onInput={(event) => setMoment(Number(event.currentTarget.value))}
        />
        <span class="moment quiet">
          {formatSeconds(moment / 1_000)} of {formatSeconds(end / 1_000)}
        </span>
        <div class="switch small" role="group" aria-label="Speed">
          {SPEEDS.map((one) => (
            <button key={one} type="button" aria-pressed={one === speed} onClick={() => setSpeed(one)}>
              {one}×
            </button>
          ))}
        </div>
      </div>
      <Conversation turns={turns} isGrowing={moment < end} />
    </>
  );
}

/** The turns as far as they had come; going on adds only what is new. */
function usePlayed(events: readonly string[], arrivals: readonly number[], moment: number): readonly Turn[] {
  const fold = useRef({ of: events, count: 0, made: new StreamFold() });
  const count = countUpTo(arrivals, moment, events.length);
  return useMemo(() => {
    if (fold.current.of !== events || fold.current.count > count) {
      fold.current = { of: events, count: 0, made: new StreamFold() };
    }
    const { made } = fold.current;
    for (const event of events.slice(fold.current.count, count)) made.add(event);
    fold.current.count = count;
    return made.turns();
  }, [events, count]);
}

function countUpTo(arrivals: readonly number[], moment: number, events: number): number {
  const later = arrivals.findIndex((at) => at > moment);
  return later === -1 ? events : Math.min(later, events);
}
