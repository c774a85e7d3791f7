/**
 * A run of an evaluation that is killed, and run again.
 */
import { expect } from 'vitest';
import { CHAT, chatAnswer, chatRequest, errorAnswer, sendJson } from '../harness/answers.ts';
import { Child } from '../harness/child.ts';
import { type Answer, ask } from '../harness/client.ts';
import { processTest } from '../harness/process-harness.ts';

const ASKING = { body: chatRequest(), headers: { 'x-refrain-samples': '3' } };

/** Asks again where that is advised, as SDKs do. */
async function sample(api: string): Promise<Answer> {
  const answer = await ask(api + CHAT, ASKING);
  return answer.status === 429 ? sample(api) : answer;
}

const samplesOf = (api: string) => Promise.all(Array.from({ length: 50 }, () => sample(api)));
const textsOf = (answers: readonly Answer[]) => [...new Set(answers.map(({ text }) => text))].toSorted();

processTest.for([1, 2])(
  'a run with a refused call, killed and run again, costs nothing: %i workers',
  async (workers, { folder, upstream }) => {
    const flags = ['--port', '0', '--admin-port', '0', '--workers', `${workers}`, '--upstream', `${upstream.url}/v1`];
    upstream.script = async (call) => {
      const count = upstream.calls.indexOf(call) + 1;
      if (count === 2) return sendJson(call, errorAnswer('slow down'), 429);
      // All who are to share it have asked.
      await upstream.called(4);
      return sendJson(call, chatAnswer(`${count}`));
    };
    const first = new Child(flags, folder, {});
    try {
      const { api, admin } = await first.ready();
      const texts = textsOf(await samplesOf(api));
      const calls = upstream.calls.length;
      // A refusal is for the process that was refused: those that follow it there ask for themselves.
      if (workers === 1) expect(texts).toEqual(['1', '3', '4'].map((count) => chatAnswer(count)));
      expect(calls).toBeGreaterThanOrEqual(4);
      expect(calls).toBeLessThanOrEqual(3 + workers);
      // All that was stored before is in the file once a purge is over.
      expect((await ask(`${admin}/purge`, { body: { tag: 'none' } })).status).toBe(200);
      first.signal('SIGKILL');
      await first.exited;

      const second = new Child(flags, folder, {});
      try {
        const again = await samplesOf((await second.ready()).api);
        expect(textsOf(again)).toHaveLength(3);
        for (const text of textsOf(again)) expect(texts).toContain(text);
        expect(new Set(again.map(({ headers }) => headers['x-cache']))).toEqual(new Set(['HIT']));
        expect(upstream.calls).toHaveLength(calls);
      } finally {
        await second.end();
      }
    } finally {
      await first.end();
    }
  },
);
