/**
 * The hints on requests that could not hit: each is said once in a line of the
 * log, and counted from then on.
 */
import type { Log } from '../log.ts';
import { type Advice, adviceOn } from './advice.ts';

/** A cause that keeps requests from hitting, since the start. */
export interface Hint {
  /** `header:NAME`, the JSON Pointer of a field, or a directive of `Cache-Control`. */
  readonly about: string;
  /** The number that it kept from hitting. */
  readonly requests: number;
  /** The setting to make, where that is safe if the person who reads it agrees; else null. */
  readonly setting: string | null;
  readonly text: string;
}

/** A hint as it stands now. */
export interface Said {
  readonly about: string;
  advice: Advice;
  requests: number;
}

/** Asks, of several processes, whether this one is the first to log a hint. */
export type IsFirst = (id: string) => Promise<boolean>;

/** Clients choose the names of headers. */
const MOST = 100;

export class HintList {
  readonly #log: Log;
  readonly #isFirst: IsFirst | null;
  readonly #said = new Map<string, Said>();

  /** @param isFirst null where this process is alone */
  constructor(log: Log, isFirst: IsFirst | null = null) {
    this.#log = log;
    this.#isFirst = isFirst;
  }

  /** Most requests first. */
  list(): Hint[] {
    const said = [...this.#said.values()].filter(({ requests }) => requests > 0);
    return said.sort((a, b) => b.requests - a.requests).map(hintOf);
  }

  /** @param id of several hints with one, the more careful advice counts @returns undefined where there are too many */
  say(id: string, about: string, advice: Advice, requests: number): Said | undefined {
    const known = this.#said.get(id);
    if (known) {
      known.requests += requests;
      if (advice.setting === null) known.advice = advice;
      return known;
    }
    if (this.#said.size >= MOST) return undefined;
    const said = { about, advice, requests };
    this.#said.set(id, said);
    writeOnce(this.#isFirst, id, () => this.#write(said));
    return said;
  }

  #write(said: Said): void {
    const { about, requests, advice } = said;
    this.#log.info({ about, requests, setting: advice.setting }, textOf(said));
  }
}

/** Writes a line, of several processes in the first alone. @param isFirst null where this process is alone */
export function writeOnce(isFirst: IsFirst | null, id: string, write: () => void): void {
  if (isFirst === null) write();
  else void isFirst(id).then((isOurs) => isOurs && write());
}

/** A value can be read: to leave it out is no longer advised. */
export function withdrawAdvice(said: Said): void {
  if (said.advice.setting?.startsWith('key.ignore')) said.advice = adviceOn(said.about, 'readable', [], false);
}

function hintOf(said: Said): Hint {
  const {
    about,
    requests,
    advice: { setting },
  } = said;
  return { about, requests, setting, text: textOf(said) };
}

function textOf({ about, requests, advice: { words } }: Said): string {
  const field = about.startsWith('/') ? `field ${about}` : about.replace(':', ' ');
  const subject = about.startsWith('/') || about.includes(':') ? field : `Cache-Control: ${about}`;
  return `${subject} kept ${requests} ${requests === 1 ? 'request' : 'requests'} from hitting; ${words}`;
}
