/**
 * Answers of upstreams, in chunks that break anywhere. Every call says its own
 * number, in its head and in its first bytes, so that whatever is played can
 * be traced to the call that said it.
 */
import type { Expectation } from '../../src/response/complete.ts';
import type { Head } from '../../src/response/entry.ts';
import type { Framing } from '../../src/response/writer.ts';
import { chatEvents, errorAnswer, responseAnswer, responseEvents } from '../harness/answers.ts';
import type { Random } from '../request/random.ts';
import { EXPECTED } from '../response/validate.ts';

export type Kind = 'json' | 'events' | 'chat';

/**
 * How an answer turns out: as it should be; the same, ended by its connection
 * alone; the same, too large for most; with a head that forbids to keep it;
 * refused for the caller's account; an error; an error where an answer should be; the
 * same, after which a stream goes on to its end.
 */
export type Turn = 'right' | 'undelimited' | 'huge' | 'no-store' | 'personal' | 'failing' | 'spoilt' | 'resumed';

export const TURNS: readonly Turn[] = [
  ...Array<Turn>(12).fill('right'),
  'undelimited',
  'undelimited',
  'huge',
  'no-store',
  'no-store',
  'personal',
  'personal',
  'failing',
  'failing',
  'spoilt',
  'spoilt',
  'resumed',
  'resumed',
];

export interface Answer {
  readonly turn: Turn;
  readonly head: Head;
  readonly framing: Framing;
  readonly chunks: readonly Buffer[];
  /** How many chunks it takes to say the terminal event; null where nobody looks for one. */
  readonly terminal: number | null;
  /** The `id` by which it may be deleted. */
  readonly id: string | null;
}

const CALL = 'x-call';
const ID = 'resp_0';

const BODIES: Record<Kind, string> = {
  json: responseAnswer('Salt water.', ID),
  events: responseEvents('Salt water.', ID)
    .filter((event) => /response\.(output_text\.delta|completed)\n/.test(event))
    .join(''),
  chat: chatEvents(['Salt ', 'wäter 🌊']).join(''),
};

/** White space to JSON, a comment that never ends to a stream, and more than a listener may lag behind in four. */
const SPACE = Buffer.alloc(300 * 1024, ' ');
const HUGE = 4;

export function expectationOf(kind: Kind): Expectation {
  return { ...EXPECTED, endpoint: kind === 'chat' ? 'chat' : 'responses', keep: new Set(['length']) };
}

/** @param call its number, over all calls to all keys */
export function answerOf(kind: Kind, turn: Turn, call: string, random: Random): Answer {
  const isStream = kind !== 'json' && turn !== 'failing' && turn !== 'personal';
  const head = headOf(turn, isStream, call);
  const id = kind === 'chat' || head.status !== 200 ? null : `resp_${call}`;
  const chunks = split(bodyOf(kind, turn, call), random);
  if (turn === 'huge')
    chunks.unshift(Buffer.from(isStream ? ': ' : ' '), ...Array<Buffer>(HUGE).fill(SPACE), Buffer.from('\n\n'));
  const terminal = isStream && turn !== 'spoilt' && turn !== 'no-store' ? chunks.length : null;
  if (terminal !== null && random.once(2)) chunks.push(Buffer.from('\n'));
  const delimited = turn !== 'undelimited';
  const length = delimited && !isStream ? chunks.reduce((sum, chunk) => sum + chunk.length, 0) : null;
  return { turn, head, framing: { length, delimited }, chunks, terminal, id };
}

/** The number of the call that said this head. */
export function callOf({ headers }: Head): string {
  return headers[headers.indexOf(CALL) + 1] as string;
}

function headOf(turn: Turn, isStream: boolean, call: string): Head {
  const status = turn === 'personal' ? 401 : turn === 'failing' ? 500 : 200;
  const headers = ['content-type', isStream ? 'text/event-stream' : 'application/json', CALL, call];
  if (turn === 'no-store') headers.push('cache-control', 'no-store');
  return { status, statusText: 'OK', headers };
}

function bodyOf(kind: Kind, turn: Turn, call: string): string {
  if (turn === 'failing' || turn === 'personal' || (kind === 'json' && (turn === 'spoilt' || turn === 'resumed')))
    return errorAnswer(call);
  const body = BODIES[kind];
  if (kind === 'json') return body.replaceAll(ID, `resp_${call}`);
  const second = body.indexOf('\n\n') + 2;
  const spoilt = `${body.slice(0, second)}event: error\ndata: ${errorAnswer(call)}\n\n`;
  const said = turn === 'spoilt' ? spoilt : turn === 'resumed' ? spoilt + body.slice(second) : body;
  return `: ${call}\n\n${said.replaceAll(ID, `resp_${call}`)}`;
}

/** The bytes that a stream or JSON may lack at its end and be whole: its last line ends. */
const LINE_ENDS = 2;

/** In one to four chunks; without the last of them it is not whole. */
function split(text: string, random: Random): Buffer[] {
  const whole = Buffer.from(text);
  const chunks: Buffer[] = [];
  let from = 0;
  const last = whole.length - 1 - LINE_ENDS;
  for (let more = random.below(4); more > 0 && from < last; more -= 1) {
    const to = from + 1 + random.below(last - from);
    chunks.push(whole.subarray(from, to));
    from = to;
  }
  chunks.push(whole.subarray(from));
  return chunks;
}
