import { surviveTheSlow } from '../size/slow.ts';

surviveTheSlow({ each: 5_000, untilGivenUp: true, tell: console.log });
