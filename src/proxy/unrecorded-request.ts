/**
 * A request to which a cassette, or a proxy that is offline, has no answer: what it asked, and which recording comes
 * nearest to it.
 */
import type { CacheResult } from '../cache/outcome.ts';
import { HIDDEN, type NearestRecording, SECRET, type UnrecordedRequest } from '../cassette/unrecorded.ts';
import { notCached, RefrainError } from '../errors.ts';
import { relativePath } from '../request/route.ts';
import { WholeBody } from '../request/whole-body.ts';
import { keyOf, type NamedRequest, type NamelessRequest } from './named-request.ts';
import { nearestRecording, wordsOf } from './nearest-recording.ts';
import type { ProxyDependencies, Replay } from './proxy-dependencies.ts';

/** The longest body that is read for its first words, in bytes. */
const READ = 1024 * 1024;

type AnyRequest = NamedRequest | NamelessRequest;

/** Its answer is here, and was not recorded. @param why null where it was */
export function noteUnrecorded({ replay }: ProxyDependencies, request: AnyRequest, why: string | null): void {
  const key = keyOf(request);
  if (why !== null) replay?.unrecorded.add(key, described(replay, request, null, why));
  else if (key !== null) replay?.unrecorded.delete(key);
}

/** The result of `act`; or, where nothing is there to answer with, the error that says what comes nearest. */
export function orUnrecorded(
  proxy: ProxyDependencies,
  request: AnyRequest,
  act: () => CacheResult | Promise<CacheResult>,
): CacheResult | Promise<CacheResult> {
  const { body } = request;
  body?.hold();
  let result: CacheResult | Promise<CacheResult>;
  try {
    result = act();
  } catch (error) {
    result = Promise.reject(error);
  }
  if (result instanceof Promise)
    return result.catch((error) => refuse(proxy, request, error)).finally(() => body?.release());
  body?.release();
  return result;
}

/** @throws RefrainError `not_cached`, or what it was instead */
async function refuse(proxy: ProxyDependencies, request: AnyRequest, error: unknown): Promise<never> {
  if (!(error instanceof RefrainError) || error.code !== 'not_cached') throw error;
  const unrecorded = described(proxy.replay, request, await nearestRecording(proxy, request), 'offline');
  proxy.replay?.unrecorded.add(keyOf(request), unrecorded);
  throw notCached(inWords(unrecorded));
}

function described(
  replay: Replay | null,
  request: AnyRequest,
  nearest: NearestRecording | null,
  why: string,
): UnrecordedRequest {
  const { head, keyed, recorded } = request;
  const hasSecret = (text: string) => replay?.cassette?.hasSecret(text) ?? false;
  const endpoint = head.keyContext?.endpoint;
  // Parts that could not be redacted stand there as they came.
  const isShown = recorded !== undefined || keyed !== null || request.why !== 'redaction';
  const path = recorded?.path ?? relativePath(head.route);
  const text = isShown && endpoint !== undefined && !why.startsWith(SECRET) ? bodyText(request) : '';
  return {
    method: head.method,
    path: (isShown || endpoint !== undefined) && !hasSecret(path) ? path : HIDDEN,
    model: keyed?.model ?? null,
    // Of a text with a secret in it, which may stand among them, no words.
    question: endpoint !== undefined && !hasSecret(text) ? wordsOf(endpoint, text) : null,
    nearest,
    why,
  };
}

/** Empty where it is too long to be read for a few words, or gone. */
function bodyText({ body }: AnyRequest): string {
  if (!(body instanceof WholeBody)) return '';
  return body.plain.length <= READ ? body.plain.bytes.toString() : '';
}

function inWords({ method, path, question, nearest }: UnrecordedRequest): string {
  const asked = `${method} ${path}${question === null ? '' : ` “${question}”`}`;
  if (nearest === null) return `${asked}; nothing that is recorded is like it`;
  const words = nearest.question === null ? '' : ` “${nearest.question}”`;
  return `${asked}; the nearest is ${nearest.key}${words}, which differs at ${nearest.pointer}`;
}
