import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askToken } from '../../build/token.js';
import { promise } from './opening.mjs';
import { virtualClock } from './virtual.mjs';

function asking(token) {
  const clock = virtualClock();
  const told = [];
  const cancel = askToken({ token, timeout: 10_000 }, clock, {
    known: (value) => told.push(['known', value]),
    failed: (error) => told.push(['failed', error]),
  });
  return { clock, told, cancel };
}

test('what is there is told at once', () => {
  for (const [token, is] of [
    [undefined, undefined],
    ['abc', 'abc'],
    ['', ''],
    [() => 'abc', 'abc'],
    [() => undefined, undefined],
    ['a\ud800', 'a\ufffd'],
  ]) {
    const { told, clock } = asking(token);
    assert.deepEqual([told, clock.pending()], [[['known', is]], 0]);
  }
});

test('a promise has its time, and is heard once', () => {
  const kept = promise();
  const { told, clock } = asking(() => kept);
  clock.run(9999);
  assert.deepEqual(told, []);
  kept.resolve('abc');
  kept.resolve('def');
  kept.reject('no');
  clock.idle();
  assert.deepEqual([told, clock.pending()], [[['known', 'abc']], 0]);
  const late = promise();
  const waiting = asking(() => late);
  waiting.clock.idle();
  late.resolve('abc');
  assert.deepEqual(waiting.told, [['failed', 'there is no token: the promise of it has not settled in time']]);
});

test('a promise that settles while it is asked has no time to run out', () => {
  const { told, clock } = asking(() => ({ then: (resolved) => resolved('abc') }));
  clock.idle();
  assert.deepEqual(told, [['known', 'abc']]);
});

test('cancelled, it tells nothing, and no time runs out', () => {
  const later = promise();
  const { told, clock, cancel } = asking(() => later);
  cancel();
  assert.equal(clock.pending(), 0);
  later.resolve('abc');
  assert.deepEqual(told, []);
});
