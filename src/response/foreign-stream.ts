/**
 * A stream from an endpoint that has none: relayed, its usage counted, never
 * kept.
 */
import type { Unkept } from './complete.ts';
import { isDone, type EventMeaning, StreamValidator } from './complete-stream.ts';
import { isErrorObject, isObject, modelOf, parse } from './json.ts';
import type { ServerSentEvent } from './sse.ts';
import { findUsage, laterUsage } from './usage.ts';

export class ForeignStreamValidator extends StreamValidator {
  protected onEvent({ name, data }: ServerSentEvent): EventMeaning {
    if (isDone(data)) return 'terminal';
    const chunk = parse(data);
    if (!isObject(chunk)) return name === 'error' ? 'error' : 'more';
    this.model ??= modelOf(chunk);
    this.usage = laterUsage(this.usage, findUsage(chunk));
    return name === 'error' || isErrorObject(chunk) ? 'error' : 'more';
  }

  protected whyNot(): Unkept {
    return 'dialect';
  }
}
