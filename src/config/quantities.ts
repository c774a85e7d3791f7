/**
 * Sizes and times: a number, or a number with a unit (`256MiB`, `7d`). A size
 * becomes bytes, a time becomes seconds, `inf` becomes `Infinity`.
 */
import { z } from 'zod';
import type { ValueType } from './setting.ts';

type Units = Readonly<Record<string, number>>;

const SIZES: Units = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

const TIMES: Units = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 };

/** Node's timers hold 2^31 - 1 ms, a little more than this; a longer one fires at once. */
const LONGEST_TIMER = 24 * 86_400;

/** Reads text as a number of units, NaN if it is none; what is no text passes. */
export function inUnits(units: Units): (value: unknown) => unknown {
  return (value) => {
    if (typeof value !== 'string') return value;
    const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(value) ?? [];
    return Number(digits) * (units[unit] ?? Number.NaN);
  };
}

export const bytes: ValueType<number> = {
  schema: z.preprocess(inUnits(SIZES), z.int().min(0)),
  allowed: 'a whole number of bytes, or a size such as 512KiB, 256MiB or 4GB',
};

/** The time that something is kept: whole seconds, or for ever. */
export const lifetime: ValueType<number> = {
  schema: z.preprocess(
    (value) => (value === 'inf' ? Infinity : inUnits(TIMES)(value)),
    z.union([z.int().min(0), z.literal(Infinity)]),
  ),
  allowed: 'a whole number of seconds, a duration such as 45s, 30m, 12h or 7d, or inf',
};

/** The time since something was. */
export const duration: ValueType<number> = {
  schema: z.preprocess(inUnits(TIMES), z.int().min(0)),
  allowed: 'a whole number of seconds, or a duration such as 45s, 30m, 12h or 7d',
};

/** The time that something may take. */
export const timeout: ValueType<number> = {
  schema: z.preprocess(inUnits(TIMES), z.number().positive().max(LONGEST_TIMER)),
  allowed: 'a number of seconds or a duration such as 45s, 30m or 12h, above 0 and at most 24d',
};

/** The time that something is waited for, which may be none. */
export const wait: ValueType<number> = {
  schema: z.preprocess(inUnits(TIMES), z.number().min(0).max(LONGEST_TIMER)),
  allowed: 'a number of seconds or a duration such as 45s, 30m or 12h, at most 24d',
};

export const count: ValueType<number> = {
  schema: z.preprocess(inUnits({ '': 1 }), z.int().min(1)),
  allowed: 'a whole number from 1',
};

/** Null for `off`. */
export function offOr<Value>({ schema, allowed }: ValueType<Value>): ValueType<Value | null> {
  return {
    schema: z.preprocess((value) => (value === 'off' ? null : value), schema.nullable()),
    allowed: `${allowed}, or off`,
  };
}

/** The word `auto` stands for itself: other settings decide. */
export function autoOr<Value>({ schema, allowed }: ValueType<Value>): ValueType<Value | 'auto'> {
  return { schema: z.union([z.literal('auto'), schema]), allowed: `${allowed}, or auto` };
}
