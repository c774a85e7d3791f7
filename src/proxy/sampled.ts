/**
 * A request for one of several samples: it is given the key of one, and goes on as any other.
 */
import type { CacheResult } from '../cache/outcome.ts';
import type { ChosenSample } from '../cache/samples.ts';
import { sampleKeys } from '../store/sample-key.ts';
import { keyOf, nameOf } from '../request/fingerprint.ts';
import type { Form } from '../request/form.ts';
import type { NamedRequest } from './named-request.ts';
import { otherForms } from './other-forms.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';
import type { RequestContext } from './request-context.ts';

type AnswerOne = (request: NamedRequest) => CacheResult | Promise<CacheResult>;

/** @param answer registers what it calls for before it waits; called once, in the turn in which the sample is chosen */
export function sampled(
  { cache: { samples } }: ProxyDependencies,
  request: NamedRequest,
  context: RequestContext,
  answer: AnswerOne,
): CacheResult | Promise<CacheResult> {
  const { head, keyed } = request;
  const { policy, sent } = head;
  const forms = otherForms(request)?.sources ?? [];
  const sources = (key: string) => forms.map(({ form }) => keyOf(nameOf(key), form as Form));
  const asked = { keys: sampleKeys(keyed.key, policy.samples), sources, permission: policy, sent };
  const as = ({ key, number }: ChosenSample) => {
    context.key = key.slice(0, 16);
    return answer({ ...request, keyed: { ...keyed, key }, sample: number });
  };
  const lookup = samples.lookUp(asked);
  return lookup === null ? as(samples.choose(asked)) : lookup.then((found) => as(samples.choose(asked, found)));
}
