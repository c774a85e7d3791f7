/**
 * An agent that sends labels of its own with each request, as Codex does: fresh
 * headers of a session, fresh ids of what it wrote itself, and the ids of others
 * that it sends back.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { responseEvents, sendStream } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const WORDS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** One session: the request of each turn holds all that was said before. */
class Session {
  static #time = 1_795_739_798.5;
  readonly #id = randomUUID();
  readonly #headers = {
    authorization: 'Bearer sk-1',
    accept: 'text/event-stream',
    originator: 'codex_exec',
    'user-agent': 'codex_exec/0.169.0',
    'session-id': this.#id,
    'thread-id': this.#id,
    'x-codex-window-id': `${this.#id}:0`,
  };
  readonly #input: object[] = [this.#message('developer', 'Work in /tmp.')];

  async say(proxy: Proxy, text: string): Promise<string | undefined> {
    this.#input.push(this.#message('user', text));
    const headers = {
      ...this.#headers,
      'x-client-request-id': randomUUID(),
      traceparent: `00-${randomUUID().replaceAll('-', '')}-0b7f5f0a9e6c4c1e-01`,
      'x-codex-turn-metadata': JSON.stringify({ session_id: this.#id, turn_id: randomUUID() }),
    };
    const {
      headers: { 'x-cache': word },
    } = await ask(`${proxy.url}/v1/responses`, { headers, body: this.#body() });
    this.#input.push(
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'of the server' },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'shell', arguments: '{"command":["ls"]}' },
      this.#noted({ type: 'function_call_output', id: `fco_${randomUUID()}`, call_id: 'call_1', output: 'a.txt' }),
      { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_2', name: 'apply_patch', input: '*** Begin Patch' },
      this.#noted({ type: 'custom_tool_call_output', id: `ctco_${randomUUID()}`, call_id: 'call_2', output: 'Done' }),
    );
    return word as string | undefined;
  }

  #message(role: string, text: string): object {
    return this.#noted({ type: 'message', id: `msg_${randomUUID()}`, role, content: [{ type: 'input_text', text }] });
  }

  /** As it goes to OpenAI. */
  #noted(item: object): object {
    const notes = { turn_id: randomUUID(), create_time: (Session.#time += 0.5), content_item_kinds: ['user.text'] };
    return { ...item, internal_chat_message_metadata_passthrough: notes };
  }

  #body(): object {
    return {
      model: 'gpt-test',
      instructions: 'You are an agent.',
      input: this.#input,
      tools: [
        { type: 'function', name: 'shell', strict: false, parameters: { type: 'object' } },
        { type: 'web_search', external_web_access: false },
      ],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      reasoning: { effort: 'low' },
      store: false,
      stream: true,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: this.#id,
      client_metadata: { 'x-codex-installation-id': 'installation-1', session_id: this.#id },
    };
  }
}

async function converse(proxy: Proxy, sessions: number): Promise<(string | undefined)[]> {
  const words = [];
  for (let count = 0; count < sessions; count += 1) {
    const session = new Session();
    for (const text of WORDS) words.push(await session.say(proxy, text));
  }
  return words;
}

const hintsOf = async ({ adminUrl }: Proxy) => JSON.parse((await ask(`${adminUrl}/stats`)).text).hints;

describe('the sessions of an agent', () => {
  for (const dialect of ['openai', 'engine'] as const) {
    story(`hit across sessions in front of an upstream of the ${dialect} dialect`, async ({ upstream, open }) => {
      upstream.script = (call) => sendStream(call, responseEvents());
      const proxy = await open({ dialect });
      const fresh = WORDS.map(() => 'MISS');
      expect(await converse(proxy, 2)).toEqual([...fresh, ...WORDS.map(() => 'HIT')]);
      expect(upstream.calls).toHaveLength(WORDS.length);
      expect(await hintsOf(proxy)).toEqual([]);
    });
  }

  story('miss in front of an upstream that nobody knows, and are told what to set', async ({ upstream, open }) => {
    upstream.script = (call) => sendStream(call, responseEvents());
    const proxy = await open();
    expect(new Set(await converse(proxy, 4))).toEqual(new Set(['MISS']));
    await until(() => proxy.app.hints.list().length >= 5);
    const hints = await hintsOf(proxy);
    expect(hints.map(({ about }: { about: string }) => about).sort()).toEqual([
      '/input/*/id',
      'header:session-id',
      'header:thread-id',
      'header:x-codex-turn-metadata',
      'header:x-codex-window-id',
    ]);
    for (const { requests, setting, text } of hints) {
      expect([requests, setting]).toEqual([30, 'dialect=engine']);
      expect(text).toMatch(/kept 30 requests from hitting; .*dialect=engine leaves it out, if /);
    }
    expect(proxy.lines.filter(({ msg }) => String(msg).includes('from hitting'))).toHaveLength(5);
  });

  story('are explained where they miss', async ({ upstream, open }) => {
    upstream.script = (call) => sendStream(call, responseEvents());
    const proxy = await open({
      key: { ignore: ['default', 'header:session-id', 'header:thread-id', 'header:x-codex-*'] },
    });
    const body = (id: string) => ({
      model: 'm',
      input: [{ type: 'message', role: 'user', id, content: 'x' }],
      stream: true,
    });
    const whyOf = async (id: string) => {
      const { headers } = await ask(`${proxy.url}/v1/responses`, {
        body: body(id),
        headers: { 'x-refrain-debug': '1' },
      });
      return headers['x-refrain-why'];
    };
    await whyOf('msg_1');
    expect(await whyOf('msg_2')).toMatch(
      /; at="\/body\/input\/0\/id"; differences=1; dialect=engine would leave it out$/,
    );
  });
});
