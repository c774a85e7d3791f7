/**
 * The question that a request puts to the cache.
 */
import type { Client, Permission, Question } from '../cache/question.ts';
import { isShared } from '../request/caller.ts';
import { asksForUsage } from '../request/form.ts';
import { showsCredential } from '../request/stored-request.ts';
import { fetcherFor } from './fetcher.ts';
import type { NamedRequest } from './named-request.ts';
import { otherForms } from './other-forms.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';

export function questionFor(
  proxy: ProxyDependencies,
  request: NamedRequest,
  permission: Permission,
  client: Client,
): Question {
  const { head, keyContext, keyed, body } = request;
  const { route, policy, sent, caller } = head;
  const { key, model, form, choices, prompts, inputs, jsonText, output } = keyed;
  const { endpoint } = keyContext;
  const { doneMarker, noStore } = route.target;
  const keepsParts = () => proxy.keepsPrompts && !showsCredential(keyContext.parts);
  const parts = () => (keepsParts() ? (keyed.parts ?? proxy.keyer.parts(keyContext, body.plain)) : null);
  return {
    key,
    forms: otherForms(request),
    permission,
    mayBeStale: () => proxy.callers.mayHaveStale(head.credentialAtUpstream),
    isRefresh: !policy.read,
    sent,
    client,
    expected: {
      endpoint,
      choices,
      prompts,
      inputs,
      jsonText,
      output,
      usage: asksForUsage(form),
      keep: proxy.keep,
      doneMarker,
      noStore,
    },
    shared: isShared(caller.scope),
    label: { endpoint, model, scope: caller.scope, tags: policy.tags },
    parts,
    fetch: fetcherFor(proxy, head, body, true),
  };
}
