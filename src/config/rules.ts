/**
 * What settings must be together. A refusal names the setting as it was
 * written, and says what to set.
 */
import { BlockList, isIP } from 'node:net';
import { variableName } from './setting.ts';
import type { Path, Settings } from './settings.ts';
import { placeOf, refuse, show, type Written } from './written.ts';

/** Where a setting got its value. */
type Find = (path: Path) => Written;

export function checkRules(settings: Settings, find: Find): void {
  checkAdmin(settings, find);
  checkScope(settings, find);
}

/** Beyond loopback the operator's pages ask for a token. */
function checkAdmin({ admin }: Settings, find: Find): void {
  if (admin.token !== null || isLoopback(admin.host)) return;
  throw refuse(
    `${placeOf(find('admin.host'))} is ${show(admin.host)}; without ${variableName('admin.token')} ` +
      'it may be a loopback address alone: 127.0.0.1, ::1 or localhost',
  );
}

/** A shared scope is both named and joined, so that nobody shares by accident. */
function checkScope({ scope }: Settings, find: Find): void {
  const joined = scope.members.length > 0;
  if (scope.shared !== null && !joined) {
    throw refuse(
      `${placeOf(find('scope.shared'))} is ${show(scope.shared)} and nobody is a member of it; ` +
        `set ${variableName('scope.members')} to sha256:DIGEST of each credential, or to * for every caller`,
    );
  }
  if (scope.shared === null && joined) {
    throw refuse(
      `${placeOf(find('scope.members'))} is set and there is no scope to be a member of; ` +
        `set ${variableName('scope.shared')} to its name`,
    );
  }
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a name or an address is of this machine alone. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
