/**
 * Flags of yes-or-no values: alone they are true, and false with `no-` before their name. So that a word behind one is
 * never taken for its value, they are written out before the line is read.
 */
import type { ValueType } from './setting.ts';
import { yesOrNo } from './value-types.ts';

export function isSwitch({ schema }: ValueType<unknown>): boolean {
  return schema === yesOrNo.schema;
}

/** `--offline` as `--offline=true`, `--no-offline` as `--offline=false`. @param names of such flags */
export function writeOutSwitches(argv: readonly string[], names: ReadonlySet<string>): readonly string[] {
  return argv.map((word, at) => {
    const [, no, name = ''] = /^--(no-)?(.+)$/.exec(word) ?? [];
    if (!names.has(name)) return word;
    if (no) return `--${name}=false`;
    return argv[at + 1] === 'true' || argv[at + 1] === 'false' ? word : `--${name}=true`;
  });
}
