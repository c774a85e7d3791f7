import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { type LineSink, LineWriter } from '../../src/console/line-writer.ts';

/** A reader that reads when it is told to. */
class SlowSink extends EventEmitter implements LineSink {
  written = '';
  flushed = 0;
  write(text: string): void {
    this.written += text;
  }
  flushSync(): void {
    this.flushed++;
  }
}

function createWriter() {
  const sink = new SlowSink();
  return { sink, writer: new LineWriter((lines) => `${lines} missing\n`, sink) };
}

test('lines are gathered for a moment, and come in order', async () => {
  const { sink, writer } = createWriter();
  for (const line of ['a\n', 'b\n']) writer.write(line);
  expect(sink.written).toBe('');
  await vi.waitFor(() => expect(sink.written).toBe('a\nb\n'));
  writer.write('c\n');
  const closed = writer.close();
  expect(sink.written).toBe('a\nb\nc\n');
  sink.emit('drain');
  await closed;
});

test('where nobody reads, a bounded number waits, and the others are counted', async () => {
  const { sink, writer } = createWriter();
  const line = `${'x'.repeat(1023)}\n`;
  for (let at = 0; at < 9 * 1024; at++) writer.write(line);
  const closed = writer.close();
  expect(sink.written.length).toBe(8 * 1024 * 1024);
  sink.emit('error', new Error('EPIPE'));
  sink.emit('drain');
  await closed;
  await vi.waitFor(() => expect(sink.written.slice(-14)).toMatch(/\n1024 missing\n$/));
});

test('what waits is written when the process exits', () => {
  const { sink, writer } = createWriter();
  writer.write('last\n');
  const [flush] = process.listeners('exit').slice(-1);
  flush?.(0);
  expect(sink).toMatchObject({ written: 'last\n', flushed: 1 });
  process.off('exit', flush!);
});
