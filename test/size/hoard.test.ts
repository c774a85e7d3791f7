import { hoardAtMost } from './hoard.ts';

hoardAtMost({ bombs: 40, large: 80 });
