import { surviveTheSlow } from './slow.ts';

surviveTheSlow({ each: 60, untilGivenUp: false });
