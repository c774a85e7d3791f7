/**
 * The doctor on the secret: where it is from, is it one, and who can read it.
 * Nothing of it is shown, and nothing is changed.
 */
import { type Origin, placeOfSetting } from '../config/origin.ts';
import type { ExaminedConfig } from '../config/sources.ts';
import { ConfigError, reasonOf } from '../errors.ts';
import { isOpenToOthers } from '../privacy.ts';
import { givenSecret, readSecret, secretPath } from '../secret.ts';
import { type CheckResult, failure, ok, warning } from '../admin/findings.ts';

export function checkSecret({ config, origins }: ExaminedConfig): CheckResult {
  const { secret, secretFile, store } = config;
  const uses = store.encrypt === 'secret' ? ', and encrypts what is stored' : '';
  if (secret !== null) return checkSetting(origins, uses);
  if (secretFile !== null) return checkFile(secretFile, uses);
  return store.path === null ? ok('made for as long as a proxy runs') : checkKept(secretPath(store.path));
}

function checkSetting(origins: readonly Origin[], uses: string): CheckResult {
  const place = placeOfSetting(origins, 'secret');
  if (!place.startsWith('--')) return ok(`${place} gives it${uses}`);
  return warning(
    `${place} gives it, where every user of this machine can read it`,
    'give it by REFRAIN_SECRET or --secret-file, and make a new one',
  );
}

function checkFile(path: string, uses: string): CheckResult {
  try {
    givenSecret({ secret: null, secretFile: path, store: { path: null } });
  } catch (error) {
    return failure((error as Error).message, 'a start is refused without it');
  }
  if (isOpenToOthers(path)) return warning(`others can read ${path}`, 'chmod go= it; a start does it where it may');
  return ok(`${path} is one${uses}`);
}

function checkKept(path: string): CheckResult {
  try {
    return ok(readSecret(path) === null ? `${path} is not there yet, and will be made` : `${path} is one`);
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      const advice = 'make it readable for this user, or stored answers are not found';
      return failure(`${path} cannot be read (${reasonOf(error)})`, advice);
    }
    const advice = 'restore it, or remove it to have a new one made, which finds no stored answer';
    return failure(`${path} is no secret of Refrain's`, advice);
  }
}
