import { passByteForByte } from '../scenario/digests.ts';

passByteForByte({ share: 1 });
