import { MB } from '../size/proxy-process.ts';
import { passAtThese } from '../size/sizes.ts';

passAtThese({
  json: 96 * MB,
  upload: 200 * MB,
  answer: 1_000 * MB,
  shared: { bytes: 40 * MB, stalled: 200, readers: 100 },
  tell: console.log,
});
