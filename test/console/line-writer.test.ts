import { expect, test, vi } from 'vitest';
import { type LineSink, LineWriter } from '../../src/console/line-writer.ts';

/** A reader that reads when it is told to. */
class SlowSink implements LineSink {
  written = '';
  #piece: Buffer = Buffer.alloc(0);
  #done: Parameters<LineSink['write']>[1] | null = null;

  write(piece: Buffer, done: Parameters<LineSink['write']>[1]): void {
    this.#piece = piece;
    this.#done = done;
  }

  writeSync(piece: Buffer): number {
    this.written += piece;
    return piece.length;
  }

  get isAsked(): boolean {
    return this.#done !== null;
  }

  read(bytes = this.#piece.length): void {
    this.written += this.#piece.subarray(0, bytes);
    this.#end(null, bytes);
  }

  fail(code: string): void {
    this.#end(Object.assign(new Error(code), { code }), 0);
  }

  #end(error: Error | null, bytes: number): void {
    const done = this.#done;
    this.#done = null;
    done?.(error, bytes);
  }
}

function createWriter() {
  const sink = new SlowSink();
  return { sink, writer: new LineWriter((lines) => `${lines} missing\n`, sink) };
}

const asked = (sink: SlowSink) => vi.waitFor(() => expect(sink.isAsked).toBe(true));

test('lines are gathered for a moment, and come in order, however little is taken at a time', async () => {
  const { sink, writer } = createWriter();
  for (const line of ['a\n', 'b\n']) writer.write(line);
  expect(sink.isAsked).toBe(false);
  await asked(sink);
  writer.write('c\n');
  sink.read(3);
  sink.fail('EAGAIN');
  await asked(sink);
  const closed = writer.close();
  sink.read();
  sink.read();
  await closed;
  expect(sink.written).toBe('a\nb\nc\n');
});

test('where nobody reads, a bounded number waits, and the others are counted', async () => {
  const { sink, writer } = createWriter();
  const line = `${'x'.repeat(1023)}\n`;
  for (let at = 0; at < 9 * 1024; at++) writer.write(line);
  const closed = writer.close();
  while (sink.isAsked) sink.read();
  await closed;
  expect(sink.written.length).toBe(8 * 1024 * 1024 + '1024 missing\n'.length);
  expect(sink.written.endsWith('x\n1024 missing\n')).toBe(true);
});

test('a reader that has gone is written to no more, and holds up no end', async () => {
  const { sink, writer } = createWriter();
  writer.write('a\n');
  await asked(sink);
  sink.fail('EIO');
  writer.write('b\n');
  await writer.close();
  expect(sink.isAsked).toBe(false);
});

test('what waits is written when the process exits', () => {
  const { sink, writer } = createWriter();
  writer.write('last\n');
  const [flush] = process.listeners('exit').slice(-1);
  flush?.(0);
  expect(sink.written).toBe('last\n');
  process.off('exit', flush!);
});
