import { afterEach, describe, expect, test, vi } from 'vitest';
import { createAdminApi } from '../../src/dashboard/api/client.ts';

const TOKEN = 'correct-horse';

/** Answers as the admin API does, each once it is let go. */
function stubFetch() {
  const asked: { readonly path: string; readonly answer: () => void }[] = [];
  vi.stubGlobal('fetch', (path: string, { headers }: { headers: Headers }) => {
    const status = headers.get('authorization') === `Bearer ${TOKEN}` ? 200 : 401;
    return new Promise((resolve) => {
      asked.push({ path, answer: () => resolve(new Response('{}', { status })) });
    });
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe('the token', () => {
  test('is not said to be wrong by the answer to what was asked without it', async () => {
    const asked = stubFetch();
    const api = createAdminApi();
    const before = api.ask('/state').catch(() => {});
    const offered = api.offer(TOKEN);
    asked[1]?.answer();
    await offered;
    expect(api.access.value).toBe('open');
    asked[0]?.answer();
    await before;
    expect(api.access.value).toBe('open');
  });

  test('is wrong where no header can carry it, and is not kept', async () => {
    const asked = stubFetch();
    const api = createAdminApi();
    await api.offer('“quoted” by a word processor');
    expect([api.access.value, asked.length]).toEqual(['wrong', 0]);
    const next = api.offer(TOKEN);
    asked[0]?.answer();
    await next;
    expect(api.access.value).toBe('open');
  });

  test('that is wrong is said to be', async () => {
    const asked = stubFetch();
    const api = createAdminApi();
    const offered = api.offer('another');
    asked[0]?.answer();
    await offered;
    expect(api.access.value).toBe('wrong');
  });
});
