import { honoursCatalogue } from '../store/catalogue-contract.ts';
import { keepsTheContract } from '../store/contract.ts';
import { createCassetteFolder } from './cassette-folder.ts';

const open = async () => {
  const store = createCassetteFolder().open();
  await store.loaded;
  return store;
};
const settle = async () => {};

keepsTheContract('cassette', { open, settle, isBounded: false });
honoursCatalogue('cassette', { open, settle });
