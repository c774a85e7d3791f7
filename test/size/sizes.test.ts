import { MB } from './proxy-process.ts';
import { passAtThese } from './sizes.ts';

passAtThese({ json: 40 * MB, upload: 50 * MB, answer: 100 * MB, shared: { bytes: 12 * MB, stalled: 40, readers: 20 } });
