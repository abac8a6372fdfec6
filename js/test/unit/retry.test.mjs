import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Retry } from '../../build/retry.js';
import { virtualClock } from './virtual.mjs';

/** A clock whose chance is always the same number. */
const certain = (random) => ({ ...virtualClock(), random: () => random });

/** The waits of so many failures in a row, no time passing. */
function waits(clock, count) {
  const retry = new Retry(clock);
  return Array.from({ length: count }, () => retry.failed());
}

test('waits double, from 100 ms up to 5 s, and at least a quarter of that is waited', () => {
  const most = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000];
  assert.deepEqual(
    waits(certain(0), 9),
    most.map((wait) => wait / 4),
  );
  assert.deepEqual(
    waits(certain(0.5), 9),
    most.map((wait) => wait * 0.625),
  );
  for (const [i, wait] of waits(certain(1 - 2 ** -53), 9).entries())
    assert.ok(wait <= most[i] && wait > most[i] * 0.999);
});

test('clients that were cut off together do not come back together', () => {
  const firsts = new Set(Array.from({ length: 50 }, (_, seed) => Math.round(waits(virtualClock(seed), 1)[0])));
  assert.ok(firsts.size > 20, `${firsts.size} moments`);
});

test('it is in vain when requests have failed for more than 30 s', () => {
  const clock = virtualClock();
  const retry = new Retry(clock);
  clock.run(3_600_000);
  assert.notEqual(retry.failed(), null, 'the first failure, whatever was before');
  clock.run(30_000);
  assert.notEqual(retry.failed(), null);
  clock.run(1);
  assert.equal(retry.failed(), null);
  assert.equal(retry.failures, 3);
});

test('it is not in vain when the second has failed long after the first', () => {
  const clock = virtualClock();
  const retry = new Retry(clock);
  retry.failed();
  clock.run(3_600_000);
  assert.notEqual(retry.failed(), null);
  assert.equal(retry.failed(), null);
});

test('what goes well begins it all again', () => {
  const clock = virtualClock();
  const retry = new Retry(clock);
  for (let i = 0; i < 10; i++) retry.failed();
  clock.run(29_000);
  retry.ok();
  assert.equal(retry.failures, 0);
  clock.run(29_000);
  const first = retry.failed();
  assert.ok(first > 0 && first <= 100, `${first}`);
  clock.run(30_000);
  const second = retry.failed();
  assert.ok(second > 0 && second <= 200, `${second}`);
  assert.equal(retry.failures, 2);
});
