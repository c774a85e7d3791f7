/**
 * The recording that comes nearest to a request which has none, and the first place where the two differ.
 */
import type { Cassette } from '../cassette/cassette.ts';
import { exactParts, withoutMark } from '../cassette/explained-exchange.ts';
import type { RecordedRequest } from '../cassette/recorded-exchange.ts';
import type { NearestRecording } from '../cassette/unrecorded.ts';
import type { Endpoint } from '../endpoint.ts';
import { formOf, type Parts } from '../request/fingerprint.ts';
import type { Candidate } from '../request/nearest.ts';
import { questionWords } from '../request/question-words.ts';
import { WholeBody } from '../request/whole-body.ts';
import type { Form } from '../request/form.ts';
import { keyOf, type NamedRequest, type NamelessRequest } from './named-request.ts';
import { withinBound } from './nearest-request.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';
import { recordedRequest } from './recorded-request.ts';

/** How many recordings are compared, and how much of two bodies is looked at to choose them, in bytes. */
const COMPARED = 16;
const LOOKED_AT = 64 * 1024;
const BLOCK = 64;
const LARGE_BLOCK = 4096;

interface Compared {
  readonly parts: Parts;
  readonly form: Form;
  readonly candidates: readonly Candidate[];
}

/** @param request whose body is still held. @returns null where nothing can be compared */
export async function nearestRecording(
  proxy: ProxyDependencies,
  request: NamedRequest | NamelessRequest,
): Promise<NearestRecording | null> {
  const cassette = proxy.replay?.cassette ?? null;
  const compared = cassette === null ? await ofStore(proxy, request) : ofCassette(cassette, request);
  if (compared === null) return null;
  const { parts, form, candidates } = compared;
  const [nearest] = await proxy.keyer.rank(parts, form, candidates);
  if (!nearest) return null;
  const { key, first, differences } = nearest;
  const endpoint = request.head.keyContext?.endpoint;
  const body = candidates.find((candidate) => candidate.key === key)?.parts?.body ?? '';
  const question = endpoint === undefined ? null : wordsOf(endpoint, body);
  // Differences lie in the body, nearly always, and are looked for there.
  return { key: key.slice(0, 16), question, pointer: first.replace(/^\/body(?=\/)/, ''), differences };
}

/** @param body as canonical text, or as it came */
export function wordsOf(endpoint: Endpoint, body: string): string | null {
  return questionWords(endpoint, withoutMark(body));
}

async function ofStore(
  { store, keyer }: ProxyDependencies,
  request: NamedRequest | NamelessRequest,
): Promise<Compared | null> {
  if (request.keyed === null) return null;
  const { keyed, keyContext, body, head } = request;
  const parts = keyed.parts ?? keyer.parts(keyContext, body.plain);
  if (parts === null) return null;
  const like = { endpoint: keyContext.endpoint, model: keyed.model, scope: head.caller.scope };
  const kept = (await store.newest(like, COMPARED)) ?? [];
  const candidates = withinBound(kept).map(({ key, request: { parts } }) => ({ key, parts }));
  return { parts, form: keyed.form, candidates };
}

function ofCassette(cassette: Cassette, request: NamedRequest | NamelessRequest): Compared | null {
  const { head, body } = request;
  const key = keyOf(request);
  if (key === null || !(body === null || body instanceof WholeBody)) return null;
  const asked = request.recorded ?? recordedRequest(cassette.keyer, head, body);
  const likes = [...cassette.exchanges()]
    .filter(([, { request, sample }]) => sample === 1 && request.method === asked.method && request.path === asked.path)
    .map(([key, { request }]) => ({ key, request, alike: alike(asked.body, request.body) }))
    .toSorted((a, b) => b.alike - a.alike)
    .slice(0, COMPARED);
  const candidates = likes.map(({ key, request }) => ({ key, parts: partsOf(cassette, request) }));
  return { parts: partsOf(cassette, asked), form: formOf(key), candidates };
}

function partsOf({ keyer }: Cassette, request: RecordedRequest): Parts {
  return keyer.key(request).request?.parts ?? exactParts(request);
}

/** How many of the first bytes and of the last are the same in both, roughly. */
function alike(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length, LOOKED_AT);
  const first = sameBytes(most, (at, end) => a.compare(b, at, end, at, end) === 0);
  const [atA, atB] = [a.length, b.length];
  const last = sameBytes(most, (at, end) => a.compare(b, atB - end, atB - at, atA - end, atA - at) === 0);
  return first + last - Math.abs(a.length - b.length) / BLOCK;
}

/** Large steps first: a thousand bodies may begin with the same long prompt. */
function sameBytes(most: number, isSame: (at: number, end: number) => boolean): number {
  let same = 0;
  for (const step of [LARGE_BLOCK, BLOCK]) {
    while (same + step <= most && isSame(same, same + step)) same += step;
  }
  return same;
}
