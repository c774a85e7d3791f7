/**
 * The console of a proxy whose standard error is no terminal.
 */
import type { Config } from '../config/config.ts';
import { createLog } from '../log.ts';
import type { Console } from './console.ts';
import { JsonLines } from './json-lines.ts';
import { LineWriter } from './line-writer.ts';

export function jsonConsole({ logLevel }: Config, worker: number | null): Console {
  const plain = createLog(logLevel);
  const log = worker === null ? plain : plain.child({ worker });
  const writer = new LineWriter((lines) => missingLine(lines));
  return {
    log,
    access: new JsonLines(log, (line) => writer.write(line), worker),
    ready: ({ addresses, config: { store, isUserStore } }) => {
      log.info({ page: `${addresses.admin}/` }, 'the page for people is there; refrain open shows it');
      if (isUserStore) log.info({ store: store.path }, 'no project is here; answers are kept for this user');
    },
    async stopped({ spentDollars, savedDollars, savedMs }, counts) {
      await writer.close();
      const dollars = { spent: spentDollars, saved: savedDollars };
      log.info({ ...counts, dollars, waitedSaved: savedMs / 1000 }, 'stopped');
    },
    close: () => writer.close(),
  };
}

function missingLine(lines: number): string {
  const time = new Date().toISOString();
  return `{"level":"warn","time":"${time}","lines":${lines},"msg":"nobody read these lines of requests in time"}\n`;
}
