/**
 * The console of a proxy on a terminal.
 */
import type { Config } from '../config/config.ts';
import { createLog } from '../log.ts';
import { banner } from './banner.ts';
import type { Console } from './console.ts';
import { HumanLines } from './human-lines.ts';
import { humanSink } from './human-log.ts';
import { LineWriter } from './line-writer.ts';
import { paintFor } from './paint.ts';
import { runSummary } from './run-summary.ts';

export function humanConsole({ logLevel, store }: Config): Console {
  const paint = paintFor(process.stderr);
  // All lines one way, so that they are in order, and a terminal that is held up (Ctrl+S) holds up no request.
  const writer = new LineWriter((lines) => `WARN    ${lines} lines are missing: the terminal was held up\n`);
  const write = (line: string) => writer.write(line);
  const log = createLog(logLevel, humanSink(write, paint));
  return {
    log,
    access: new HumanLines({ log, write, paint, showsPrompts: store.prompts }),
    ready: (proxy) => write(banner(proxy, paint)),
    stopped(run) {
      write(`${paint('bold', 'refrain has stopped')}: ${runSummary(run)}\n`);
      return writer.close();
    },
    close: () => writer.close(),
  };
}
