/**
 * The log's other lines as people read them:
 * `WARN    the upstream does not answer  setting=--upstream reason=ECONNREFUSED`.
 */
import type { DestinationStream } from 'pino';
import { inertLine, inertText } from './escape.ts';
import type { Paint, Style } from './paint.ts';

interface Described {
  readonly message?: unknown;
  readonly stack?: unknown;
}

const STYLES: Readonly<Record<string, Style>> = { warn: 'yellow', error: 'red', fatal: 'red' };

/** As wide as the outcomes of requests. */
const WIDTH = 6;

/** Where the log writes its lines of JSON. */
export function humanSink(write: (line: string) => void, paint: Paint): DestinationStream {
  return { write: (line) => write(humanLine(line, paint)) };
}

export function humanLine(line: string, paint: Paint): string {
  const { level, time: _time, msg, err, ...others } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const { message, stack } = (err ?? {}) as Described;
  const members = Object.entries({ ...others, ...(message !== undefined && { error: message }) });
  const facts = members.map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const name = String(level);
  const word = paint(STYLES[name] ?? 'dim', name.toUpperCase().padEnd(WIDTH));
  const shown = [inertLine(String(msg ?? '')), paint('dim', inertLine(facts.join(' ')))].filter((part) => part);
  return `${[word, ...shown].join('  ')}\n${stack === undefined ? '' : `${inertText(String(stack))}\n`}`;
}
