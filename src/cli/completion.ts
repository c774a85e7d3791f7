/**
 * `refrain completion SHELL`: prints what makes a shell complete commands and flags.
 */
import type { Shell } from '../config/command-options.ts';
import { completionFor } from '../config/completion.ts';
import type { Output } from './output.ts';

/** @returns the exit code */
export function printCompletion({ shell }: { readonly shell: Shell }, output: Output): number {
  output.print(completionFor(shell));
  return 0;
}
