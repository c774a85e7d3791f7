/**
 * Settings that are given by a name that they had before: read where the name
 * of today is given nowhere, and noted with what to write instead.
 */
import { type RawValue, readValue } from './raw-value.ts';
import type { ValueType } from './setting.ts';
import { type Path, settingAt } from './settings.ts';

export interface FormerName {
  readonly setting: string;
  /** The same with the name of today, such as `keep=length`. */
  readonly instead: string;
}

/** The value of a setting as someone wrote it, and the type that it was written for. */
export interface GivenValue {
  readonly raw: RawValue;
  readonly type: ValueType<unknown>;
}

/** Finds the value of a setting; undefined where it has its default. */
export type FindGiven = (path: Path) => GivenValue | undefined;

/** @param find finds the value under a name, be it of today or a former one */
export function withFormerNames(find: (path: string) => RawValue | undefined): FindGiven {
  const read = (name: string, type: ValueType<unknown>) => {
    const raw = find(name);
    return raw && { raw, type };
  };
  return (path) => {
    const { former } = settingAt(path);
    return read(path, settingAt(path)) ?? (former && read(former.path, former));
  };
}

export function formerNameOf(path: Path, given: GivenValue | undefined): readonly FormerName[] {
  const { former } = settingAt(path);
  if (given === undefined || given.type !== former) return [];
  return [{ setting: former.path, instead: `${path}=${readValue(given.raw, former)}` }];
}
