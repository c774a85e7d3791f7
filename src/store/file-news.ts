/**
 * News of a file of ours that its operator should know, and how the log has it.
 */
import type { Log } from '../log.ts';
import type { Failure } from '../thread/failure.ts';
import type { Unopened } from './encryption.ts';

export type FileNews =
  /** Others could read these, and cannot any more; or can still, where nothing can be written. */
  | { readonly kind: 'mended' | 'exposed'; readonly paths: readonly string[] }
  /** The file or its log was taken away, or another put in its place, which is open now. */
  | { readonly kind: 'replaced' }
  /** Something sealed in it does not open; sent once for each reason. */
  | { readonly kind: 'unopened'; readonly why: Unopened }
  /** It is damaged, and kept under another name; a fresh one is open now. */
  | { readonly kind: 'quarantined'; readonly failure: Failure; readonly movedTo: string };

const UNOPENED: Readonly<Record<Unopened, string>> = {
  'other-secret': 'are encrypted by a secret that is not given here, and are misses: give that one, or purge them',
  altered: 'are encrypted, and not as they were written: they are misses',
};

/** The line of a log about what does not open. @param place as a sentence has it: `Redis` */
export function unopenedNews(place: string, why: Unopened): string {
  return `answers in ${place} ${UNOPENED[why]}`;
}

/** @param whose as a sentence has it: `the usage ledger` */
export function logFileNews(log: Log, path: string | null, whose: string, news: FileNews): void {
  switch (news.kind) {
    case 'replaced':
      return log.warn(
        { path },
        `the file of ${whose}, or its log, was taken away or replaced; what is at its path now is used`,
      );
    case 'mended': {
      const words = `others could read the files of ${whose}; now their owner alone can`;
      return log.warn({ path, mended: news.paths }, words);
    }
    case 'exposed': {
      const advice = 'take the right to read them from others';
      const words = `others can read the files of ${whose}, and nothing can be written here: ${advice}`;
      return log.warn({ path, exposed: news.paths }, words);
    }
    case 'unopened':
      return log.warn({ path }, unopenedNews(`the file of ${whose}`, news.why));
    case 'quarantined': {
      const { failure, movedTo } = news;
      const words = `the file of ${whose} could not be used; it was kept aside and a fresh one begun`;
      return log.warn({ path, code: failure.code, reason: failure.message, movedTo }, words);
    }
  }
}
