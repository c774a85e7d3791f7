import { describe, expect } from 'vitest';
import { CHAT } from '../harness/answers.ts';
import { createTestClock } from '../harness/clock.ts';
import { talk } from '../harness/socket.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

describe('a client whose body stopped arriving', () => {
  for (const [what, path, length] of [
    ['read as a whole', CHAT, 100],
    ['streamed through', '/v1/files', 100_000],
  ] as const) {
    story(`is given up with its connection, on which nothing can follow: ${what}`, async ({ open }) => {
      const clock = createTestClock();
      const proxy = await open({}, clock);
      const head = await talk(proxy.url, async (socket) => {
        let text = '';
        socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
        socket.write(
          `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n{`,
        );
        await until(() => clock.waiting > 0 && (path === CHAT || proxy.app.admission.flights > 0));
        clock.advance(31_000);
        await until(() => text.includes('\r\n\r\n'));
        // Else it would be open for as long as an idle one may be.
        if (!/^connection: close\r$/im.test(text)) socket.destroy();
      });
      expect(head).toMatch(/^HTTP\/1\.1 408 /);
      expect(head).toMatch(/^connection: close\r$/im);
    });
  }
});
