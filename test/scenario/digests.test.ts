import { passByteForByte } from './digests.ts';

passByteForByte({ share: 17 });
