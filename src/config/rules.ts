/**
 * The rules between settings. A refusal names the setting as it was
 * written, and says what to set.
 */
import { dirname, resolve } from 'node:path';
import { isWithin } from './folder.ts';
import { isLoopback, leadsTo } from './own-listener.ts';
import { variableName } from './setting.ts';
import type { Path, Settings } from './settings.ts';
import { placeOf, refuse, show, type RawValue } from './raw-value.ts';

/** Finds the value of a setting as it was written; undefined where it has its default. */
type Find = (path: Path) => RawValue | undefined;

/** @param cwd the directory that files in the settings are named from */
export function checkRules(settings: Settings, find: Find, cwd: string): void {
  checkAdmin(settings, find);
  checkTls(settings, find);
  checkScope(settings, find);
  checkSecrets(settings, find);
  checkEncryption(settings, find, cwd);
  checkCassette(settings, find);
  checkLoops(settings, find);
}

/** An admin API beyond loopback asks for a token. */
function checkAdmin({ admin }: Settings, find: Find): void {
  if (admin.token !== null || isLoopback(admin.host)) return;
  throw refuse(
    `${placeToSet(find, 'admin.host')} is ${show(admin.host)}; without ${variableName('admin.token')} ` +
      'it may be a loopback address alone: 127.0.0.1, ::1 or localhost',
  );
}

/** A certificate is of no use without its key, nor a key without its certificate. */
function checkTls({ tls }: Settings, find: Find): void {
  if ((tls.cert === null) === (tls.key === null)) return;
  const [given, missing] = tls.key === null ? (['tls.cert', 'tls.key'] as const) : (['tls.key', 'tls.cert'] as const);
  throw refuse(`${placeToSet(find, given)} is set without ${missing}; set ${variableName(missing)} to its file too`);
}

/** A shared scope is both named and joined, so that nobody shares by accident. */
function checkScope({ scope }: Settings, find: Find): void {
  const joined = scope.members.length > 0;
  if (scope.shared !== null && !joined) {
    throw refuse(
      `${placeToSet(find, 'scope.shared')} is ${show(scope.shared)} and nobody is a member of it; ` +
        `set ${variableName('scope.members')} to sha256:DIGEST of each credential, or to * for every caller`,
    );
  }
  if (scope.shared === null && joined) {
    throw refuse(
      `${placeToSet(find, 'scope.members')} is set and there is no scope to be a member of; ` +
        `set ${variableName('scope.shared')} to its name`,
    );
  }
}

/** One secret is given in one place: of two, one would be the wrong one. */
function checkSecrets({ secret, secretFile }: Settings, find: Find): void {
  if (secret === null || secretFile === null) return;
  throw refuse(
    `${placeToSet(find, 'secret')} and ${placeToSet(find, 'secretFile')} both give a secret; ` +
      `drop ${placeToSet(find, 'secret')}, and keep it in the file alone`,
  );
}

/** A copy of the store must not hold the secret, or encryption would protect nothing. */
function checkEncryption({ store, secret, secretFile }: Settings, find: Find, cwd: string): void {
  if (store.encrypt === 'off') return;
  const place = `${placeToSet(find, 'store.encrypt')} is ${show(store.encrypt)}`;
  if (secret === null && secretFile === null) {
    throw refuse(
      `${place}, and the secret would lie beside what it encrypts; ` +
        `set ${variableName('secretFile')} to a file elsewhere, or ${variableName('secret')} to its digits`,
    );
  }
  const written = find('secret')?.file;
  const file = secretFile ?? (written === undefined ? null : resolve(cwd, written));
  if (file === null || store.path === null || !isWithin(file, dirname(store.path))) return;
  throw refuse(
    `${place}, and the secret is in ${file}, in the folder of what it encrypts; ` +
      `move it elsewhere, or the store by ${placeToSet(find, 'store.path')}`,
  );
}

/** A cassette is the one store of one process. */
function checkCassette({ cassette, redis, workers }: Settings, find: Find): void {
  if (cassette === null) return;
  const other = redis !== null ? 'redis' : workers !== 1 ? 'workers' : null;
  if (other === null) return;
  throw refuse(
    `${placeToSet(find, 'cassette')} is ${show(cassette)}, which one process alone records and plays; ` +
      `drop ${placeToSet(find, other)}, or the cassette`,
  );
}

/** An upstream that is this proxy would be asked by itself, and never answer. */
function checkLoops({ upstream, upstreams, host, port, admin }: Settings, find: Find): void {
  const places = find('upstreams') ?? { name: 'upstreams', value: upstreams };
  const named = Object.entries(upstreams).map(([name, { url }]) => [placeOf(places, [name]), url] as const);
  for (const [place, url] of [[placeToSet(find, 'upstream'), upstream] as const, ...named]) {
    const ours = leadsTo(url, { host, port }) ? 'port' : leadsTo(url, admin) ? 'admin.port' : null;
    if (ours === null) continue;
    throw refuse(
      `${place} is ${show(url)}, where Refrain itself listens; ` +
        `set it to the API that is to be asked, or ${placeToSet(find, ours)} to another port`,
    );
  }
}

/** The place where it was written, or else where it may be. */
function placeToSet(find: Find, path: Path): string {
  const rawValue = find(path);
  return rawValue === undefined ? variableName(path) : placeOf(rawValue);
}
