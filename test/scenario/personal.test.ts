/**
 * Of what an upstream answers, some is about a question and some about who
 * asked it: a credential, an account, a session. The second is for one alone.
 */
import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';

const TEAM = { scope: { shared: 'team', members: ['*'] }, auth: { recheck: null } };

const as = (name: string) => ({ body: chatRequest(), headers: { authorization: `Bearer ${name}` } });

describe('in a shared scope, an answer to the one who leads', () => {
  for (const status of [401, 402, 403, 429]) {
    story(`that is ${status} is for that one alone: the others ask for themselves`, async ({ upstream, open }) => {
      const proxy = await open(TEAM);
      upstream.script = () => {};
      const leader = ask(proxy.url + CHAT, as('refused'));
      const call = await upstream.called(1);
      const others = ['one', 'two', 'three'].map((name) => ask(proxy.url + CHAT, as(name)));
      await expect.poll(() => proxy.app.admission.listeners).toBe(4);
      upstream.script = (next) => sendJson(next, chatAnswer());
      sendJson(call, errorAnswer('not you'), status);
      expect((await leader).status).toBe(status);
      expect((await Promise.all(others)).map(({ status: own }) => own)).toEqual([200, 200, 200]);
      expect(upstream.calls).toHaveLength(2);
      expect(['Bearer one', 'Bearer two', 'Bearer three']).toContain(upstream.calls[1]?.headers.authorization);
    });
  }

  for (const status of [400, 404, 500, 503]) {
    story(`that is ${status} says nothing of that one: the others share it`, async ({ upstream, open }) => {
      const proxy = await open(TEAM);
      upstream.script = () => {};
      const clients = ['leader', 'one', 'two'].map((name) => ask(proxy.url + CHAT, as(name)));
      const call = await upstream.called(1);
      await expect.poll(() => proxy.app.admission.listeners).toBe(3);
      sendJson(call, errorAnswer('nobody'), status);
      expect((await Promise.all(clients)).map((answer) => answer.status)).toEqual([status, status, status]);
      expect(upstream.calls).toHaveLength(1);
    });
  }
});

/** Told to nobody but the one who led. */
const PERSONAL = {
  'set-cookie': 'session=1',
  'set-cookie2': 'session=2',
  'openai-organization': 'org-of-the-leader',
  'openai-project': 'proj-of-the-leader',
};

describe('of the headers of an error that others waited for', () => {
  story(
    "those of the leader's account and session reach the leader alone, the rest reaches all",
    async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = () => {};
      const clients = [1, 2].map(() => ask(proxy.url + CHAT, as('both')));
      const call = await upstream.called(1);
      await expect.poll(() => proxy.app.admission.listeners).toBe(2);
      const others = { 'retry-after': '7', 'x-ratelimit-reset-requests': '1s', 'x-odd': 'passes' };
      sendJson(call, errorAnswer('later'), 503, { ...PERSONAL, ...others });
      const answers = await Promise.all(clients);
      const ledBy = (word: string) => answers.find(({ headers }) => headers['x-cache'] === word)?.headers ?? {};
      expect(ledBy('MISS')).toMatchObject({ ...PERSONAL, 'set-cookie': ['session=1'], ...others });
      expect(ledBy('FOLLOW')).toMatchObject(others);
      expect(Object.keys(ledBy('FOLLOW')).filter((name) => name in PERSONAL)).toEqual([]);
    },
  );
});
