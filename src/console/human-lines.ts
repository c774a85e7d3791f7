/**
 * A request as one line that people read, such as
 * `HIT     gpt-4o-mini  12 ms  saved $0.0001 1.9 s  "What is the sea?"`.
 */
import type { Endpoint } from '../endpoint.ts';
import type { UsageRecord } from '../ledger/usage-record.ts';
import type { Log } from '../log.ts';
import { questionWords } from '../request/question-words.ts';
import { type AccessLog, type LoggedRequest, pathOf, type Pricing, type QuestionBody } from './access-log.ts';
import { inertLine } from './escape.ts';
import { formatDollars, formatMs } from './format.ts';
import type { Paint, Style } from './paint.ts';

export interface HumanLinesOptions {
  /** For its level: there are lines where it has `info`. */
  readonly log: Log;
  readonly write: (line: string) => void;
  readonly paint: Paint;
  /** Tests whether lines may show words of a prompt. */
  readonly showsPrompts: boolean;
}

/** The longest body that is read once more for its words, in bytes. */
const LONGEST = 64 * 1024;

const STYLES = { HIT: 'green', FOLLOW: 'green', MISS: 'yellow', BYPASS: 'dim', ERR: 'red' } as const satisfies Record<
  string,
  Style
>;
type LineWord = keyof typeof STYLES;

/** As wide as the widest word. */
const WIDTH = 6;

export class HumanLines implements AccessLog {
  readonly #options: HumanLinesOptions;

  constructor(options: HumanLinesOptions) {
    this.#options = options;
  }

  readonly questionOf = (endpoint: Endpoint, body: QuestionBody): string | null => {
    const { log, showsPrompts } = this.#options;
    const isShown = showsPrompts && body.length <= LONGEST && log.isLevelEnabled('info');
    return isShown ? questionWords(endpoint, body.bytes.toString()) : null;
  };

  note({ record, method, target, question }: LoggedRequest, pricing: Pricing): void {
    const { log, write, paint } = this.#options;
    if (!log.isLevelEnabled('info')) return;
    const word = wordOf(record);
    const parts = [
      record.model ?? `${method} ${pathOf(target)}`,
      formatMs(record.ms),
      costOf(record, pricing),
      whyOf(record),
      question && `"${question}"`,
    ];
    const shown = parts.filter((part) => part).map((part) => inertLine(part as string));
    write(`${paint(STYLES[word], word.padEnd(WIDTH))}  ${shown.join('  ')}\n`);
  }
}

function wordOf({ outcome, error }: UsageRecord): LineWord {
  return error !== null || outcome === 'refusal' ? 'ERR' : (outcome.toUpperCase() as LineWord);
}

/** The dollars and the time that an answer cost or saved. */
function costOf({ outcome, model, call }: UsageRecord, pricing: Pricing): string | null {
  if (!call) return null;
  const dollars = call.usage && pricing.priceOf(model, call.usage);
  const price = dollars === null ? '' : formatDollars(dollars);
  if (outcome === 'hit' || outcome === 'follow') return `saved ${price && `${price} `}${formatMs(call.ms)}`;
  return price && `cost ${price}`;
}

/** Nothing of what is as it should be. */
function whyOf({ outcome, status, why, error }: UsageRecord): string | null {
  if (error !== null || outcome === 'refusal' || status >= 400) return `${status}${why === null ? '' : ` ${why}`}`;
  if (why === null) return null;
  return outcome === 'miss' ? `not kept: ${why}` : why;
}
