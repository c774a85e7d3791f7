/**
 * Answers as servers in use spell them, recorded and replayed: all that an upstream ended by itself, whether a cache
 * would keep it or not.
 */
import { join } from 'node:path';
import { expect } from 'vitest';
import { ask } from '../harness/client.ts';
import { landed, type Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { WIRE_FORMS, type WireForm } from '../harness/wire-forms.ts';

const askFor = ({ url }: Proxy, { path, asked }: WireForm, row: number) =>
  ask(url + path, { body: { ...asked, model: `m${row}` } });

story('each form is replayed as it was sent', async ({ upstream, open, folder }) => {
  const cassette = join(folder, 'llm.cassette');
  const recording = await open({ cassette });
  for (const [row, form] of WIRE_FORMS.entries()) {
    upstream.script = form.script;
    const { text, what } = form;
    expect(await askFor(recording, form, row), what).toMatchObject({ status: 200, text, broken: false });
    await landed(recording);
  }
  const reasons = recording.app.unrecorded.requests.map(({ why }) => why);
  expect(reasons.toSorted()).toEqual(WIRE_FORMS.flatMap((form) => form.unrecorded ?? []).toSorted());
  await recording.stop();
  const asked = upstream.calls.length;
  const replaying = await open({ cassette, offline: true });
  for (const [row, form] of WIRE_FORMS.entries()) {
    const { status, text, broken, headers } = await askFor(replaying, form, row);
    const { what, unrecorded } = form;
    if (unrecorded) expect(status, what).toBe(504);
    else
      expect({ status, text, broken, word: headers['x-cache'] }, what).toEqual({
        status: 200,
        text: form.text,
        broken: false,
        word: 'HIT',
      });
  }
  expect(upstream.calls.length).toBe(asked);
});

story(
  'an error that is said to be encoded and is empty is recorded with its headers',
  async ({ upstream, open, folder }) => {
    const settings = { cassette: join(folder, 'llm.cassette'), recordErrors: true };
    const [form] = WIRE_FORMS as readonly [WireForm];
    upstream.script = ({ response }) =>
      response.writeHead(429, { 'content-encoding': 'gzip', 'retry-after': '7', 'content-length': 0 }).end();
    const answer = { status: 429, text: '', broken: false, headers: { 'retry-after': '7' } };
    const recording = await open(settings);
    expect(await askFor(recording, form, 0)).toMatchObject(answer);
    await landed(recording);
    await recording.stop();
    expect(await askFor(await open({ ...settings, offline: true }), form, 0)).toMatchObject(answer);
  },
);
