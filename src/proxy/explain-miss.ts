/**
 * The reason of a miss: for the hints, which look at every miss, and in
 * `x-refrain-why` for the request that asks by `x-refrain-debug: 1`.
 */
import type { Standing } from '../cache/callers.ts';
import type { Miss } from '../cache/outcome.ts';
import { inWords } from '../cache/storable.ts';
import { pointerInRequest } from '../request/json-pointer.ts';
import { isLeftOutByEngine } from '../request/other-dialect.ts';
import type { Twin } from '../ledger/hints.ts';
import type { BatchQuestion, KeyedParts } from './batch-question.ts';
import type { Parts } from '../request/fingerprint.ts';
import type { Likeness } from '../store/catalogue.ts';
import type { NamedRequest } from './named-request.ts';
import { nearestRequest } from './nearest-request.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';

/** A miss, as far as its explanation needs it. */
export interface Missing {
  readonly outcome: Miss;
  readonly label: Likeness;
  readonly standing: Standing;
  /** The headers that the answers vary by; null where they do not. */
  readonly variesBy: readonly string[] | null;
  /** An answer is kept, and was not served for what its caller is. */
  readonly isKept: boolean;
  /** Null where the request is answered whole. */
  readonly batch: BatchQuestion | null;
}

/** @returns the line for the request; null where it did not ask for one */
export async function explainMiss(
  proxy: ProxyDependencies,
  request: NamedRequest,
  missing: Missing,
): Promise<string | null> {
  const { head, keyContext, keyed, body } = request;
  const { policy } = head;
  const { batch } = missing;
  if (batch?.isPart) return policy.debug ? ofPart(batch, missing) : null;
  const parts = keyed.parts ?? (policy.debug ? proxy.keyer.parts(keyContext, body.plain) : null);
  const mayRead = policy.read && missing.standing !== 'refused';
  const twin = mayRead ? twinOf(proxy, request, batch?.firstItem ?? sightedOf(request, parts)) : null;
  if (!policy.debug) return null;
  const known = ofCaller(missing) ?? (policy.read ? ofAnswer(missing) : 'no-cache');
  if (known !== null) return known;
  if (request.sample !== undefined) return `sample ${request.sample} of ${policy.samples} is not kept`;
  const { dialect } = keyContext;
  const own = new Set([keyed.key, ...(batch?.keys ?? [])]);
  return nearestRequest(proxy, { label: missing.label, keyed: { ...keyed, parts }, dialect, twin, own });
}

/** A body that is too long to be kept with its answer comes again as it came: spelled otherwise it is another. */
function sightedOf({ keyContext, keyed: { key }, body }: NamedRequest, parts: Parts | null): KeyedParts {
  return { key, parts: parts ?? { ...keyContext.parts, body: body.plain.digest } };
}

/** Has the hints look at what keeps requests from hitting. @returns the last request with the same body, or null */
function twinOf(
  { hints, omissions }: ProxyDependencies,
  { head, keyContext }: NamedRequest,
  sighted: KeyedParts,
): Twin | null {
  const { endpoint, dialect } = keyContext;
  const { credentialAtUpstream: credential, caller } = head;
  return hints.missed({
    ...sighted,
    endpoint,
    credential,
    callerHeaders: caller.users,
    isLeftOutByEngine: (name) =>
      isLeftOutByEngine(omissions, { dialect, pointer: pointerInRequest(name), body: undefined }),
  });
}

/** The reasons that lie with the caller, or with the headers that it sent. */
function ofCaller({ outcome, standing, variesBy, isKept }: Missing): string | null {
  if (standing === 'refused') return 'the upstream refused this credential last';
  if (isKept) return 'kept, but the upstream is asked whether it still accepts this credential';
  if (variesBy === null || outcome.notKept !== null) return null;
  return `the answers vary by ${variesBy.join(', ')}, and none is kept for what was sent`;
}

/** The reasons that lie with the last answer to the same. */
function ofAnswer({ outcome }: Missing): string | null {
  if (outcome.notKept !== null) return ofLast(outcome.notKept);
  const { isStale, isOfFuture } = outcome.answer;
  if (isStale && isOfFuture) return 'kept, but dated in the future by the clock of this machine';
  return isStale ? 'kept, but expired or older than max-age' : null;
}

/** The reason of a miss on a part of a batch. */
function ofPart(batch: BatchQuestion, { outcome: { notKept } }: Missing): string {
  return notKept === null ? batch.explain() : `${batch.explain()}; ${ofLast(notKept)}`;
}

function ofLast(notKept: string): string {
  return `the last answer was not kept: ${inWords(notKept)}`;
}
