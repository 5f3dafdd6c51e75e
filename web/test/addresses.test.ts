import { expect, test } from 'vitest';
import { ownAddress, setStorageOrigin } from '../src/parts/picture';
import { formatRoute, parseRoute } from '../src/router';

const HERE = 'http://127.0.0.1:8000/console/#/jobs';

test('pictures of this host are loaded, those of others are not', () => {
  expect(ownAddress('/files/a.jpg?expires=1&signature=x', HERE)).toBe('/files/a.jpg?expires=1&signature=x');
  expect(ownAddress('http://127.0.0.1:8000/files/a.jpg', HERE)).toBe('/files/a.jpg');
  expect(ownAddress('https://shop.example/p.jpg', HERE)).toBeNull();
  expect(ownAddress('javascript:alert(1)', HERE)).toBeNull();
  expect(ownAddress('http://[', HERE)).toBeNull();
});

test('a signed file is ours under whatever name the host is known', () => {
  expect(ownAddress('http://localhost:8000/files/a.jpg?signature=x', HERE)).toBe('/files/a.jpg?signature=x');
});

test('pictures in the storage of the service are loaded from there', () => {
  const link = 'https://abc.supabase.co/storage/v1/object/sign/b/a.jpg?token=x';
  expect(ownAddress(link, HERE)).toBeNull();
  setStorageOrigin('https://abc.supabase.co');
  expect(ownAddress(link, HERE)).toBe(link);
  expect(ownAddress('http://abc.supabase.co/a.jpg', HERE)).toBeNull();
  expect(ownAddress('https://abc.supabase.co.evil.example/a.jpg', HERE)).toBeNull();
  setStorageOrigin('');
  expect(ownAddress(link, HERE)).toBeNull();
});

test('routes survive the way through the address bar', () => {
  const hash = formatRoute('jobs', { status: 'failed', owner: 'a&b c', job: undefined });
  expect(parseRoute(hash)).toEqual({ page: 'jobs', params: { status: 'failed', owner: 'a&b c' } });
});

test('an unknown page is the jobs page', () => {
  expect(parseRoute('#/nowhere?x=1').page).toBe('jobs');
  expect(parseRoute('').page).toBe('jobs');
});
