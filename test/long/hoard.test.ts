import { hoardAtMost } from '../size/hoard.ts';

hoardAtMost({ bombs: 200, large: 200, tell: console.log });
