/**
 * Completion in the shells that it is for: zsh on a terminal, fish as it completes for its own tests.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { commandNames } from '../../src/config/commands.ts';
import { completionFor } from '../../src/config/completion.ts';
import { Terminal } from './terminal.ts';

function scriptFor(shell: 'zsh' | 'fish') {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-completion-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, `refrain.${shell}`);
  writeFileSync(path, completionFor(shell));
  return { folder, path };
}

test('fish offers commands, flags and words', () => {
  const { path, folder } = scriptFor('fish');
  const offered = (line: string) =>
    execFileSync('fish', ['-c', `source ${path}; complete -C ${JSON.stringify(line)}`], {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder },
    })
      .split('\n')
      .filter((each) => each !== '')
      .map((each) => each.split('\t')[0]);
  expect(offered('refrain ')).toEqual(expect.arrayContaining([...commandNames]));
  expect(offered('refrain pu')).toEqual(['purge']);
  expect(offered('refrain purge --inc')).toEqual(['--include-unjudged']);
  expect(offered('refrain ls --inc')).toEqual([]);
  expect(offered('refrain ls --sort m')).toEqual(['most-used']);
  expect(offered('refrain stats --memory-b')).toEqual(['--memory-bytes']);
  expect(offered('refrain completion z')).toEqual(['zsh']);
});

test('zsh completes commands, flags and words', async () => {
  const { path, folder } = scriptFor('zsh');
  const terminal = new Terminal(['-f', '-i'], folder, { HOME: folder }, ['zsh']);
  terminal.type(`PROMPT='> '; autoload -Uz compinit; compinit -D -u; source ${path}; print rea''dy\n`);
  await terminal.shows('ready');
  // The words that a line becomes are printed, and not run.
  terminal.type(`refrain() { print "[$*]" }\n`);
  for (const [typed, line] of [
    ['pur\t', 'purge'],
    ['purge --incl\t', 'purge --include-unjudged'],
    ['ls --sort mo\t', 'ls --sort most-used'],
    ['stats --memory-b\t', 'stats --memory-bytes'],
    ['completion fi\t', 'completion fish'],
  ] as const) {
    terminal.type(`refrain ${typed}\n`);
    await terminal.shows(`[${line}]`);
  }
  terminal.type('exit\n');
  expect(await terminal.exited).toBe(0);
});
