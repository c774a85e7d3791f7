import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { createApp } from '../../src/app.ts';
import { createConfig } from '../../src/config/config.ts';
import { start, stop } from '../../src/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import { CHAT, chatAnswer, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { processTest } from '../harness/process-harness.ts';

processTest(
  'requests that come before the files are open wait for them, and are answered',
  async ({ folder, upstream }) => {
    const config = createConfig({
      upstream: `${upstream.url}/v1`,
      port: 0,
      admin: { port: 0 },
      store: { path: `${folder}/cache.sqlite` },
    });
    const app = createApp(config, createLog('silent'));
    const early: Promise<{ status: number; text: string }>[] = [];
    const urlOf = (server: typeof app.api) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const slow = {
      ...app,
      async open() {
        for (const [server, path, asking] of [
          [app.api, CHAT, { body: chatRequest(), headers: { expect: '100-continue' } }],
          [app.api, CHAT, { body: chatRequest() }],
          [app.admin, '/healthz', {}],
        ] as const) {
          const arrived = Promise.race(['request', 'checkExpectation'].map((event) => once(server, event)));
          early.push(ask(urlOf(server) + path, asking));
          await arrived;
        }
        await app.open();
      },
    };
    try {
      await start(slow, config);
      expect((await Promise.all(early)).map(({ status }) => status)).toEqual([200, 200, 200]);
      expect((await early[0])?.text).toBe(chatAnswer());
      expect(upstream.calls).toHaveLength(1);
    } finally {
      await stop(app, 0);
    }
  },
);
