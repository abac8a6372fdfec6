import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rota } from '../../build/rota.js';

test('each socket begins with the next router', () => {
  const rota = new Rota(['a', 'b', 'c'], 1);
  assert.deepEqual(
    [0, 0, 0, 0].map((now) => rota.next(now).join('')),
    ['bca', 'cab', 'abc', 'bca'],
  );
  assert.equal(rota.after('c', 0).join(''), 'cab');
  assert.equal(rota.after('none of them', 0).join(''), 'abc');
});

test('those that could not be reached come last for a minute, or until they are', () => {
  const rota = new Rota(['a', 'b', 'c', 'd'], 0);
  rota.unreached('a', 1000);
  rota.unreached('c', 2000);
  assert.equal(rota.after('a', 2000).join(''), 'bdac');
  assert.equal(rota.after('a', 60_999).join(''), 'bdac');
  assert.equal(rota.after('a', 61_000).join(''), 'abdc');
  rota.reached('c');
  assert.equal(rota.after('a', 61_000).join(''), 'abcd');
  for (const router of 'abcd') rota.unreached(router, 61_000);
  assert.equal(rota.after('b', 61_000).join(''), 'bcda', 'where there are no others they are asked as ever');
});
