import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createOutput } from '../../src/cli/output.ts';

/** A process whose streams are in the test's hands. */
function streams(isTerminal: boolean) {
  const stream = () => Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: isTerminal, columns: 60 });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  return { stdin, stdout, stderr, output: createOutput({ stdin, stdout, stderr } as unknown as NodeJS.Process) };
}

describe('an output', () => {
  test('keeps the result apart from what is said about it', () => {
    const { output, stdout, stderr } = streams(false);
    output.print('a\nb');
    output.note('c');
    expect([stdout.read(), stderr.read()]).toEqual(['a\nb\n', 'c\n']);
  });

  test('is as wide as its terminal, and without one as wide as it takes', () => {
    expect([streams(true).output.width, streams(false).output.width]).toEqual([60, Infinity]);
  });

  test('has no colours and asks nobody where no terminal is', () => {
    const { output } = streams(false);
    expect([output.paint('red', 'x'), output.ask]).toEqual(['x', null]);
  });

  test('outlives a reader that has read enough', () => {
    const { output, stdout } = streams(false);
    stdout.destroy(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
    expect(() => output.print('x')).not.toThrow();
  });

  test.each([
    ['y\n', true],
    ['Yes\n', true],
    ['n\n', false],
    ['\n', false],
    ['yellow\n', false],
  ])('takes %j for %s', async (typed, isMeant) => {
    const { output, stdin, stdout, stderr } = streams(true);
    const answer = output.ask?.('Delete 2 answers?');
    stdin.write(typed);
    expect([await answer, stderr.read(), stdout.read()]).toEqual([isMeant, 'Delete 2 answers? [y/N] ', null]);
  });

  test('takes an end of the input for a no', async () => {
    const { output, stdin } = streams(true);
    const answer = output.ask?.('Delete 2 answers?');
    stdin.end();
    expect(await answer).toBe(false);
  });
});
