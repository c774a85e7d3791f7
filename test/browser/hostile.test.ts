/**
 * Strings that would run if any of them became markup: none runs, none is even refused by the policy, each is read.
 */
import { expect } from 'vitest';
import { sendJson } from '../harness/answers.ts';
import { landed } from '../harness/proxy.ts';
import { test, VIEWS } from './desk.ts';
import { toolAnswer } from './tool-answer.ts';

/** Each runs in another way, where it runs at all. */
const FORMS: readonly ((run: string) => string)[] = [
  (run) => `<script>${run}</script>`,
  (run) => `<img src=x onerror=${run}>`,
  (run) => `<svg onload=${run}>`,
  (run) => `"><script>${run}</script>`,
  (run) => `'><img src=x onerror=${run}>`,
  (run) => `</textarea><script>${run}</script>`,
  (run) => `</title><script>${run}</script>`,
  (run) => `<iframe srcdoc="<script>parent.${run}</script>">`,
  (run) => `<a href="javascript:${run}">read</a>`,
  (run) => `[read](javascript:${run})`,
  (run) => `![read](x" onerror="${run})`,
  (run) => `<body onload=${run}>`,
  (run) => `<details open ontoggle=${run}>`,
  (run) => `<style>@import 'data:,${run}'</style>`,
  (run) => `<math><mi xlink:href="data:x,<script>${run}</script>">`,
  (run) => `<input autofocus onfocus=${run}>`,
  (run) => `<object data="data:text/html,<script>${run}</script>">`,
  (run) => `{{constructor.constructor('${run}')()}}`,
  (run) => `\${${run}}`,
  (run) => `<!--><script>${run}</script>-->`,
  (run) => `<template><script>${run}</script></template>`,
  (run) => `<base href="javascript:${run}//">`,
  (run) => `<meta http-equiv=refresh content="0;url=javascript:${run}">`,
  (run) => `<video><source onerror=${run}></video>`,
  (run) => `<form><button formaction="javascript:${run}">read</button></form>`,
  (run) => `<a style="background:url(javascript:${run})">`,
  (run) => `\u202e<script>${run}</script>`,
  (run) => `&lt;script&gt;${run}&lt;/script&gt;<b>`,
  (run) => `{"__proto__":{"onload":"${run}"}}`,
  (run) => `{"type":"div","props":{"dangerouslySetInnerHTML":{"__html":"<img src=x onerror=${run}>"}}}`,
  (run) => `javascript:${run}`,
  (run) => `</script><script>${run}</script>`,
  (run) => `<noscript><p title="</noscript><img src=x onerror=${run}>">`,
  (run) => `data:text/html,<script>${run}</script>`,
];

const PLACES = ['prompt', 'answer', 'model', 'tool', 'arguments', 'header'] as const;

type Place = (typeof PLACES)[number];

/** The strings of an entry, each with a number of its own. */
function stringsOf(at: number): Readonly<Record<Place, string>> {
  const strings = PLACES.map((place, index) => {
    const text = (FORMS[(at + index) % FORMS.length] as (run: string) => string)(
      `hostile(${at * PLACES.length + index})`,
    );
    // Headers are of ASCII, and a name of a model that is laid out is one line.
    return [place, place === 'header' ? text.replaceAll(/[^ -~]/g, '') : text] as const;
  });
  return Object.fromEntries(strings) as Record<Place, string>;
}

const ENTRIES = FORMS.map((_, at) => stringsOf(at));

test(`${ENTRIES.length * PLACES.length} hostile strings are text in every view`, async ({ openDesk }) => {
  const desk = await openDesk({
    script: (call) => {
      const strings = ENTRIES[Number(call.headers['x-at'])] as Record<Place, string>;
      // Arguments that are no JSON are not kept: the answer broke off.
      const args = JSON.stringify({ text: strings.arguments });
      sendJson(call, toolAnswer(strings.tool, args, strings.answer), 200, { 'x-answer': strings.header });
    },
  });
  await desk.page.context().exposeFunction('hostile', (at: number) => void desk.complaints.push(`ran: ${at}`));
  const { page } = desk;
  const main = await desk.show('live');
  await expect.poll(() => main.innerText()).toContain('following');
  for (const [at, { prompt, model, header, tool }] of ENTRIES.entries()) {
    const tools = [{ type: 'function', function: { name: tool, parameters: { type: 'object' } } }];
    await desk.ask(prompt, { model, tools }, { 'x-at': String(at), 'x-lab': header });
  }
  await landed(desk.proxy);
  const live = main.getByRole('table');
  await expect.poll(() => live.getAttribute('aria-rowcount')).toBe(String(ENTRIES.length + 1));
  const keys = await keysOf(desk.proxy.adminUrl);
  expect(keys.length).toBe(ENTRIES.length);

  const missing: string[] = [];
  const look = async (place: string, strings: readonly string[]) => {
    await page.evaluate((hash) => void (globalThis as unknown as Addressed).location.assign(hash), `#/${place}`);
    await desk.rested();
    const shown = await page.locator('main').evaluate((element) => element.textContent ?? '');
    for (const text of strings) if (!reads(shown, text)) missing.push(`${place}: ${text}`);
  };
  for (const [at, strings] of ENTRIES.entries()) {
    const key = keys[at] as string;
    const { prompt, answer, tool, header, model, arguments: args } = strings;
    await look(`entries/${key}`, [prompt, answer, tool, args, model]);
    await look(`entries/${key}?tab=headers`, [header]);
    await look(`entries/${key}?tab=raw`, []);
  }
  for (let at = 1; at < keys.length; at += 1) await look(`compare?a=${keys[at - 1]}&b=${keys[at]}`, []);
  const models = ENTRIES.map(({ model }) => model);
  await look('entries', models.slice(-20));
  await look('overview', []);
  await expect.poll(() => main.innerText()).toContain(models[0]);
  for (const model of models)
    await look(`purge?model=${encodeURIComponent(model)}&scope=${encodeURIComponent(model)}`, []);
  for (const view of VIEWS)
    await look(`${view}?${new URLSearchParams({ model: models[0] ?? '', tag: models[1] ?? '' })}`, []);
  await look(`entries/${encodeURIComponent(models[2] ?? '')}`, []);
  await look(`live?${new URLSearchParams({ reason: models[3] ?? '', outcome: models[4] ?? '' })}`, []);
  expect(missing).toEqual([]);
  expect(desk.complaints).toEqual([]);

  // Had one become markup, it would be known.
  const markup = `document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=hostile(0)>')`;
  await expect(page.evaluate(markup)).rejects.toThrow('TrustedHTML');
  await expect.poll(() => desk.complaints.join()).toContain('require-trusted-types-for');
});

/** Tests whether a text is shown: as it is, as a value of a tree, or as a tree. */
function reads(shown: string, text: string): boolean {
  const call = /hostile\(\d+\)/.exec(text)?.[0] ?? text;
  return [text, JSON.stringify(text).slice(1, -1), ...(text.startsWith('{"') ? [call] : [])].some((one) =>
    shown.includes(one),
  );
}

interface Addressed {
  readonly location: { assign(address: string): void };
}

/** The keys of all entries, oldest first. */
async function keysOf(adminUrl: string): Promise<string[]> {
  const listed = await fetch(`${adminUrl}/entries?limit=200`);
  const { entries } = (await listed.json()) as { entries: { key: string }[] };
  return entries.map(({ key }) => key).toReversed();
}
