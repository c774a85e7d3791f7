import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { completionFor } from '../../src/config/completion.ts';
import { commandNames } from '../../src/config/commands.ts';

/** The words that bash offers for a line, the last word of which is under way. */
function offered(...words: string[]): string[] {
  const script = `${completionFor('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _refrain
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', script, 'bash', 'refrain', ...words], { encoding: 'utf8', cwd: '/' });
  return out.split('\n').filter((line) => line !== '');
}

describe('completion by bash', () => {
  test('offers commands first', () => {
    expect(offered('')).toEqual([...commandNames, 'help']);
    expect(offered('st')).toEqual(['start', 'stats']);
  });

  test("offers a command's own flags and those of settings", () => {
    expect(offered('purge', '--inc')).toEqual(['--include-unjudged']);
    expect(offered('ls', '--te')).toEqual(['--text']);
    expect(offered('stats', '--memory-b')).toEqual(['--memory-bytes']);
    expect(offered('--upstream-')).not.toContain('--dry-run');
    expect(offered('start', '--dry')).toEqual([]);
  });

  test('offers what a value may be, and files where it may be one', () => {
    expect(offered('ls', '--sort', 'm')).toEqual(['most-used']);
    expect(offered('ls', '--endpoint', 'e')).toEqual(['embeddings']);
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(offered('cassette', 'i')).toEqual(['import']);
    expect(offered('start', '--config', '/et')).toEqual(['/etc']);
    expect(offered('explain', '/et')).toEqual(['/etc']);
  });
});
