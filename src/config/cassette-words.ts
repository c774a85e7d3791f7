/**
 * The words of `refrain cassette`: what is given behind it, and its options.
 */
import type { Option } from './setting.ts';
import { oneOf, text } from './value-types.ts';

export const importing = {
  format: {
    ...oneOf('vcr', 'har', 'aimock', 'jsonl', 'sqlite'),
    value: 'NAME',
    meaning: 'Format of what is imported, else known by its content',
  },
  scope: { ...text, value: 'LABEL', meaning: 'Of a store: import answers of this scope, or export into it' },
  model: { ...text, value: 'NAME', meaning: 'Model of the fixtures of aimock that name none' },
} as const satisfies Record<string, Option>;

export const cassetteWords = {
  'ACTION': 'ls, show, prune, import or export',
  'FILE': 'The cassette',
  'MORE…': 'show: number or key; import: files to read; export: file to write, .jsonl or a store',
} as const;
