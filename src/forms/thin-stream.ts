/**
 * A stream without what it was not asked for: the usage that another request asked for, and padding. All else of it
 * stays as it came.
 */
import type { Endpoint } from '../endpoint.ts';
import { isDoneMarker, isHeartbeat, readEvents, type WholeEvent } from './events.ts';
import { refuseIf } from './refusal.ts';
import { readSource } from './source.ts';
import { memberOf, type SourceValue } from './source-value.ts';
import { writeChanged } from './written.ts';

export interface ThinnedStream {
  readonly text: string;
  /** The places of the events that it lacks. */
  readonly dropped: ReadonlySet<number>;
}

const PADDING = 'obfuscation';

/** The events that end a stream of the Responses API. */
const LAST_EVENT = /^response\.(completed|incomplete)$/;

/** The members that a chunk may have which brings nothing but the usage: what is its own … */
const OWN: ReadonlySet<string> = new Set(['choices', 'usage', PADDING]);

/** … and what other chunks say too. */
const REPEATED: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'service_tier',
  'system_fingerprint',
]);

export function thinStream(stream: string, endpoint: Endpoint, from: string, to: string): ThinnedStream {
  const withoutUsage = from.includes('+usage') && !to.includes('+usage');
  const withoutPadding = to.includes('+plain');
  const isTyped = endpoint === 'responses';
  const dropped = new Set<number>();
  const texts: string[] = [];
  const names = { said: new Set<string>(), lost: new Set<string>() };
  let at = 0;
  let isOver = false;
  for (const event of readEvents(stream)) {
    refuseIf(isOver, 'an event after the end');
    isOver = isTyped ? LAST_EVENT.test(event.name) : isDoneMarker(event);
    refuseIf(!isTyped && event.name !== '', 'an event with a name');
    const text =
      isDoneMarker(event) || isHeartbeat(event) ? event.data : thinned(event, withoutUsage, withoutPadding, names);
    if (text === null) dropped.add(at);
    else texts.push(write(event, text));
    at += 1;
  }
  refuseIf(!isOver, 'a stream without its end');
  // vLLM names its version in the last chunk alone, which is that of the usage where one is asked for.
  refuseIf(!names.lost.isSubsetOf(names.said), 'something that is said beside the usage alone');
  return { text: texts.join(''), dropped };
}

/** The names of what is said by the chunks that stay, and by those that are left out. */
interface SaidNames {
  readonly said: Set<string>;
  readonly lost: Set<string>;
}

/** The data of an event; null for one that is left out. */
function thinned(
  { data }: WholeEvent,
  withoutUsage: boolean,
  withoutPadding: boolean,
  { said, lost }: SaidNames,
): string | null {
  const body = readSource(data);
  refuseIf(memberOf(body, 'error') !== undefined, 'an error');
  const isLost = withoutUsage && bringsUsage(body);
  if (withoutUsage) for (const name of namesOf(body)) (isLost ? lost : said).add(name);
  if (isLost) return null;
  const padding = memberOf(body, PADDING);
  refuseIf(padding !== undefined && padding.kind !== 'string', 'no padding');
  const left = [...(withoutUsage ? ['usage'] : []), ...(withoutPadding ? [PADDING] : [])];
  if (!left.some((name) => body.names.includes(name))) return data;
  return writeChanged(body, Object.fromEntries(left.map((name) => [name, undefined])));
}

/** Tests for the chunk that reports the usage; a usage that stands elsewhere is a doubt. */
function bringsUsage(body: SourceValue): boolean {
  const usage = memberOf(body, 'usage');
  if (usage === undefined || usage.kind === 'null') return false;
  refuseIf(memberOf(body, 'choices')?.text !== '[]', 'usage beside something else');
  refuseIf(!body.names.every((name) => OWN.has(name) || REPEATED.has(name)), 'something beside the usage');
  return true;
}

/** The repeated members that say something. */
function namesOf({ names, values }: SourceValue): readonly string[] {
  return names.filter((name, at) => REPEATED.has(name) && values[at]?.kind !== 'null');
}

/** Data of several lines stays so. */
function write({ name }: WholeEvent, data: string): string {
  return `${name === '' ? '' : `event: ${name}\n`}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`;
}
