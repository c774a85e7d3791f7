/**
 * A request as one line of JSON, of the shape that the log's other lines have.
 * It is put together by hand: a hit has three microseconds for it. No line has a
 * query, a header or words of a body.
 */
import type { Log } from '../log.ts';
import type { Usage } from '../response/usage.ts';
import { type AccessLog, type LoggedRequest, pathOf } from './access-log.ts';
import { inertLiteral } from './escape.ts';

export class JsonLines implements AccessLog {
  readonly #log: Log;
  readonly #write: (line: string) => void;
  /** The members that say whose line it is. */
  readonly #from: string;
  /** The time of the last line to its second, as the log has it, and the millisecond at which that begins. */
  #second = '';
  #secondBegan = Number.NaN;

  /**
   * @param log for its level: there are lines where it has `info`
   * @param worker the number of this process among several
   */
  constructor(log: Log, write: (line: string) => void, worker: number | null = null) {
    this.#log = log;
    this.#write = write;
    this.#from = worker === null ? '' : `,"worker":${worker}`;
  }

  note({ record, method, target }: LoggedRequest): void {
    if (!this.#log.isLevelEnabled('info')) return;
    const { time, requestId, outcome, endpoint, model, status, key, ms, reason, why, call } = record;
    this.#write(
      `{"level":"info","time":"${this.#timeOf(time)}"${this.#from},"requestId":"${requestId}"` +
        `,"method":${quoted(method)},"path":${quoted(pathOf(target))},"endpoint":"${endpoint}"` +
        `,"outcome":"${outcome}","status":${status},"ms":${Math.round(ms * 100) / 100}` +
        (model === null ? '' : `,"model":${quoted(model)}`) +
        (call?.usage ? `,"tokens":${tokensOf(call.usage)}` : '') +
        (key === null ? '' : `,"key":"${key}"`) +
        (reason === null ? '' : `,"reason":${quoted(reason)}`) +
        (why === null ? '' : `,"why":${quoted(why)}`) +
        ',"msg":"request"}\n',
    );
  }

  #timeOf(time: number): string {
    const sinceSecond = time - this.#secondBegan;
    if (!(sinceSecond >= 0 && sinceSecond < 1000)) {
      this.#secondBegan = Math.floor(time / 1000) * 1000;
      this.#second = new Date(time).toISOString().slice(0, 20);
    }
    return `${this.#second}${String(Math.floor(time) - this.#secondBegan).padStart(3, '0')}Z`;
  }
}

function tokensOf({ input, cachedInput, output, reasoning }: Usage): string {
  return `{"input":${input},"cachedInput":${cachedInput},"output":${output},"reasoning":${reasoning}}`;
}

/** Text that is more than printable ASCII, or has to be escaped. */
const NOT_PLAIN = /[^ !#-[\]-~]/;

function quoted(text: string): string {
  return NOT_PLAIN.test(text) ? inertLiteral(text) : `"${text}"`;
}
