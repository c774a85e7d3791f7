/**
 * The scope that answers are warmed for, in words: only who shares it gets them as hits.
 */
import type { WarmCommand } from '../config/warm-command.ts';
import { createCallers, createUserHeaders, isShared } from '../request/caller.ts';
import type { WarmTarget } from './warm-target.ts';

/** The settings say of a proxy elsewhere nothing. */
export function scopeWords({ config, headers, credential }: WarmCommand, { isOfSettings }: WarmTarget): string {
  const { scope: settings, cassette } = config;
  const shown = credential === null ? 'no credential' : `the credential in ${credential}`;
  const accounts = ['openai-organization', 'openai-project'].filter((name) => name in headers).join(' and ');
  const caller = accounts === '' ? shown : `${shown} with its ${accounts}`;
  if (!isOfSettings) return `for ${caller}, in the scope that this has at that proxy`;
  if (cassette !== null) return `for whoever has the cassette ${cassette}, asked with ${shown}`;
  const { scope } = createCallers({
    shared: { name: settings.shared, members: settings.members },
    isUser: createUserHeaders(settings.headers),
    // Private scopes are named by words alone, and credentials not at all.
    isIgnoredHeader: () => false,
    digestOf: () => '',
  })(new Map(Object.entries(headers).map(([name, value]) => [name, [value]])));
  if (isShared(scope)) return `for the scope ${scope}, asked with ${shown}`;
  const secret =
    config.secret === null && config.secretFile === null ? "this machine's secret" : 'the secret that is set';
  return `for the private scope of ${caller} and of ${secret}`;
}
