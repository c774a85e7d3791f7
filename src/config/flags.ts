/**
 * The command line as a source: `--port 80` and `--port=80`. Where a flag is
 * given twice, the last one holds.
 */
import { parseArgs } from 'node:util';
import { nearest } from './nearest.ts';
import { FILE_FLAG, flagNames } from './settings.ts';
import { refuse, type Source, show, type Written } from './written.ts';

const VALUED = [FILE_FLAG, ...flagNames];
const KNOWN = [...VALUED, 'help', 'version'];

/** What each flag gives, by its name without the dashes; `help` and `version` give true. */
export function readFlags(argv: readonly string[]): Source {
  const { tokens } = parseArgs({ args: [...argv], options: declarations(), strict: false, tokens: true });
  const given = new Map<string, Written>();
  for (const token of tokens) {
    if (token.kind === 'positional') throw refuse(`${show(token.value)} is not a flag; Refrain takes flags alone, see --help`);
    if (token.kind === 'option') given.set(token.name, readFlag(token));
  }
  return given;
}

interface Flag {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function readFlag({ name, rawName, value, inlineValue = false }: Flag): Written {
  if (!KNOWN.includes(name)) {
    throw refuse(`${rawName} is not a flag; the nearest is --${nearest(name, KNOWN)}, and --help lists all`);
  }
  if (!VALUED.includes(name)) return { name: rawName, value: true };
  const next = !inlineValue && value?.startsWith('-');
  if (value === undefined || next) throw refuse(`${rawName} has no value; it may be given one as ${rawName}=VALUE`);
  return { name: rawName, value };
}

function declarations() {
  const valued = VALUED.map((name) => [name, { type: 'string' }] as const);
  return {
    ...Object.fromEntries(valued),
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean', short: 'v' },
  } as const;
}
