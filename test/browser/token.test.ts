/**
 * The token: asked for once, kept in memory alone.
 */
import { expect } from 'vitest';
import { reads, test } from './desk.ts';

const TOKEN = 'correct-horse';

test('a wrong token is refused, the right one opens the view that was asked for, a reload asks again', async ({
  openDesk,
}) => {
  const desk = await openDesk({ settings: { admin: { token: TOKEN } } });
  await desk.ask('Why is the sea salt?');
  const main = await desk.show('entries');
  const token = main.getByLabel('Token');
  const open = main.getByRole('button', { name: 'Open' });
  await token.fill('wrong-horse');
  await open.click();
  await reads(main.getByRole('alert'), 'That is not the token.');
  await token.fill(TOKEN);
  await open.click();
  const rows = main.getByRole('table', { name: 'Entries' });
  await expect.poll(() => rows.getAttribute('aria-rowcount')).toBe('2');

  await desk.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Live' }).click();
  await reads(main, 'following');
  const { cookies, origins } = await desk.page.context().storageState({ indexedDB: true });
  expect([cookies, origins]).toEqual([[], []]);
  expect(await desk.page.evaluate('sessionStorage.length')).toBe(0);
  expect(desk.page.url()).not.toContain(TOKEN);

  await desk.page.reload();
  await token.waitFor();
  expect(await main.innerText()).not.toContain('following');
  expect(desk.complaints).toEqual([]);
});

test('a form that password managers know asks for it', async ({ openDesk }) => {
  const desk = await openDesk({ settings: { admin: { token: TOKEN } } });
  const main = await desk.show('overview');
  const fields = main.locator('form input');
  await fields.first().waitFor({ state: 'attached' });
  const words = await fields.evaluateAll((inputs) => inputs.map((input) => input.getAttribute('autocomplete')));
  expect(words).toEqual(['username', 'current-password']);
  expect(await main.getByLabel('Token').evaluate((input) => input.ownerDocument.activeElement === input)).toBe(true);
});
