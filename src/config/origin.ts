/**
 * The places where settings got their values, as the person knows them.
 */
import { variableName } from './setting.ts';
import { type Path, settingAt } from './settings.ts';
import { NOT_SHOWN, placeOf, show, type RawValue } from './raw-value.ts';

/** The place of a setting that someone wrote. */
export interface Origin {
  readonly path: Path;
  /** Not the value itself where that is secret. */
  readonly shown: string;
  /** A flag, a variable, or a place in a file. */
  readonly from: string;
}

export function originOf(path: Path, rawValue: RawValue | undefined): readonly Origin[] {
  if (rawValue === undefined) return [];
  const shown = settingAt(path).secret ? NOT_SHOWN : show(rawValue.value);
  return [{ path, shown, from: placeOf(rawValue) }];
}

/** The place where a setting was written; null where it has its default. */
export function placeIn(origins: readonly Origin[], path: Path): string | null {
  return origins.find((origin) => origin.path === path)?.from ?? null;
}

/** The place to change a setting: where it was written, or else its variable. */
export function placeOfSetting(origins: readonly Origin[], path: Path): string {
  return placeIn(origins, path) ?? variableName(path);
}

/**
 * The setting that an upstream is from, to be named where there is trouble
 * with it: `--upstream`, `REFRAIN_UPSTREAM in .env`, `upstreams.groq in my.json`.
 *
 * @param name null for the one that needs no name
 */
export function settingOfUpstream(origins: readonly Origin[], name: string | null): string {
  if (name === null) return placeOfSetting(origins, 'upstream');
  const from = placeIn(origins, 'upstreams') ?? 'upstreams';
  return from.replace(/^upstreams/, `upstreams.${name}`);
}
