import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  write(createLog('debug', { write: (line) => void lines.push(JSON.parse(line)) }));
  return lines;
}

test('one line per event, with its level in words and the time', () => {
  expect(logged((log) => log.info({ port: 1 }, 'ready'))).toEqual([
    { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), port: 1, msg: 'ready' },
  ]);
  expect(logged((log) => log.trace('too fine'))).toEqual([]);
});

test('a credential that slips in is censored', () => {
  const secret = 'sk-canary';
  const lines = logged((log) => {
    log.info(
      {
        authorization: secret,
        headers: { 'x-api-key': secret, cookie: secret, 'set-cookie': [secret] },
        admin: { token: secret },
      },
      'x',
    );
  });
  expect(JSON.stringify(lines)).not.toContain(secret);
  expect(JSON.stringify(lines)).toContain('[secret]');
});

test('a failure that is expected has no stack, one that is not has', () => {
  const expected = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const [one, other] = logged((log) => {
    log.warn({ err: expected }, 'x');
    log.error({ err: new TypeError('bug') }, 'x');
  });
  expect(one?.err).toEqual({ name: 'Error', code: 'ECONNREFUSED', message: 'refused' });
  expect(other?.err).toMatchObject({ name: 'TypeError', stack: expect.stringContaining('log.test.ts') });
});
