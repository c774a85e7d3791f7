/**
 * Generated answers, derived in every direction and measured by the clients' own accumulators.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Endpoint } from '../../src/endpoint.ts';
import { Random } from '../request/random.ts';
import { chatByOpenai7, messageByAnthropic, responseByOpenai7, type SpelledAnswer } from './accumulators.ts';
import { type GeneratedPair, generateChat, generateCompletion } from './generated-chat.ts';
import { generateAnthropicMessage, generateResponse } from './generated-response.ts';
import { derived } from './samples.ts';
import { numbersIn } from './spelling.ts';

interface GeneratedKind {
  readonly endpoint: Endpoint;
  readonly generate: (random: Random) => GeneratedPair;
  /** The form of the streams. */
  readonly form: string;
  readonly accumulate: ((answer: SpelledAnswer) => Promise<unknown>) | null;
}

/** Chat has most to say in ways of its own. */
const KINDS: readonly GeneratedKind[] = [
  { endpoint: 'chat', generate: generateChat, form: 'sse+usage', accumulate: chatByOpenai7 },
  { endpoint: 'chat', generate: generateChat, form: 'sse+usage', accumulate: chatByOpenai7 },
  { endpoint: 'completions', generate: generateCompletion, form: 'sse+usage', accumulate: null },
  { endpoint: 'responses', generate: generateResponse, form: 'sse', accumulate: responseByOpenai7 },
  { endpoint: 'messages', generate: generateAnthropicMessage, form: 'sse', accumulate: messageByAnthropic },
];

/** The kinds of difference that were found; an answer of each is told. */
export interface Findings {
  readonly differences: string[];
  derived: number;
  refused: number;
}

/** @param everyNth of the answers are put to the accumulators too, which take a thousand times as long */
export async function deriveGenerated(answers: number, seed: number, everyNth: number): Promise<Findings> {
  const findings: Findings = { differences: [], derived: 0, refused: 0 };
  for (let at = 0; at < answers && findings.differences.length < 5; at += 1) {
    const kind = KINDS[at % KINDS.length] as GeneratedKind;
    const random = new Random(seed + at);
    const pair = kind.generate(random);
    const note = (why: string) => findings.differences.push(`${kind.endpoint}, seed ${seed + at}: ${why}`);
    const unfolded = derivePair(kind, pair, findings, note);
    if (unfolded !== null && at % (everyNth * KINDS.length) < KINDS.length)
      await accumulate(kind, pair, unfolded, note);
    refuseUnknown(kind, pair, random, findings, note);
  }
  return findings;
}

type Note = (why: string) => void;

/** @returns the stream that was derived */
function derivePair(
  kind: GeneratedKind,
  { json, stream }: GeneratedPair,
  findings: Findings,
  note: Note,
): string | null {
  const sample = sampleOf(kind);
  const folded = derived({ ...sample, form: kind.form, body: stream }, 'json');
  const unfolded = derived({ ...sample, form: 'json', body: json }, kind.form);
  const again = unfolded && derived({ ...sample, form: kind.form, body: unfolded }, 'json');
  for (const body of [folded, unfolded]) findings[body === null ? 'refused' : 'derived'] += 1;
  if (folded === null) note(`the stream was refused: ${stream}`);
  else if (!isSame(folded, json)) note(`folded: ${folded}\nrecorded: ${json}`);
  if (!again) note(`the document was refused: ${json}`);
  else if (!isSame(again, json)) note(`unfolded and folded: ${again}\nrecorded: ${json}`);
  return unfolded;
}

async function accumulate(kind: GeneratedKind, { stream }: GeneratedPair, unfolded: string, note: Note): Promise<void> {
  const [own, other] = await Promise.all([stream, unfolded].map((body) => kind.accumulate?.({ body, isStream: true })));
  if (!isDeepStrictEqual(own, other))
    note(`made of it: ${JSON.stringify(other)}\nof the recorded: ${JSON.stringify(own)}`);
}

const sampleOf = ({ endpoint }: GeneratedKind) => ({ name: 'generated', endpoint });

/** Equal as objects, and in the text of each number. */
function isSame(one: string, other: string): boolean {
  return isDeepStrictEqual(JSON.parse(one), JSON.parse(other)) && isDeepStrictEqual(numbersIn(one), numbersIn(other));
}

/** With a member that nobody knows an answer is refused, unless that stands where all is copied as it is. */
function refuseUnknown(
  kind: GeneratedKind,
  { json, stream }: GeneratedPair,
  random: Random,
  findings: Findings,
  note: Note,
): void {
  for (const [form, to, body] of [
    ['json', kind.form, json],
    [kind.form, 'json', stream],
  ] as const) {
    // The last event of a response takes the place of all that came before it.
    const from = kind.endpoint === 'responses' && form !== 'json' ? body.lastIndexOf('event: ') : 0;
    const place = random.pick(objectsIn(body, from));
    const changed = `${body.slice(0, place)}"x_unknown":"7f3a",${body.slice(place)}`;
    const made = derived({ ...sampleOf(kind), form, body: changed }, to);
    if (made === null) findings.refused += 1;
    else if (!made.includes('7f3a')) note(`a member was dropped: ${changed.slice(place - 40, place + 60)}`);
  }
}

/** The places after the opening braces of objects that are not empty. */
function objectsIn(text: string, from: number): number[] {
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|\{(?=")/g);
  return [...tokens]
    .filter(([token]) => token === '{')
    .map(({ index }) => index + 1)
    .filter((at) => at > from);
}
