import { hoardAtMost } from './hoard.ts';

hoardAtMost({ bombs: 100, large: 80 });
