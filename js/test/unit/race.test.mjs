import assert from 'node:assert/strict';
import { test } from 'node:test';
import { race } from '../../build/race.js';
import { virtualClock } from './virtual.mjs';

/** A race of runners in the test's hands: a number is how long one runs alone, null that it does so until it has failed. */
function racing(...alone) {
  const clock = virtualClock();
  const told = [];
  const runs = [];
  const runners = alone.map((milliseconds, i) => ({
    alone: milliseconds ?? undefined,
    start(on) {
      runs[i] = { ...on, at: clock.now(), heard: [] };
      return { cancel: () => runs[i].heard.push('cancel'), lose: () => runs[i].heard.push('lose') };
    },
  }));
  const began = clock.now();
  const cancel = race(runners, clock, {
    arrived: (prize) => told.push(prize),
    failed: () => told.push('failed'),
  });
  return { clock, told, runs, cancel, runners, started: () => runs.map(({ at }) => at - began) };
}

test('the next is sent off when the one before has failed, and no sooner', () => {
  const { runs, clock, started, told } = racing(null, null, null);
  clock.run(10_000);
  assert.deepEqual(started(), [0]);
  runs[0].failed();
  runs[1].failed();
  clock.run(5);
  runs[2].arrived('third');
  assert.deepEqual([started(), told], [[0, 10_000, 10_000], ['third']]);
  assert.deepEqual(
    runs.map(({ heard }) => heard),
    [['lose'], ['lose'], []],
  );
});

test('one that runs alone for a time has company then, or as soon as it has failed', () => {
  const slow = racing(250, null);
  slow.clock.run(249);
  assert.equal(slow.runs.length, 1);
  slow.clock.run(1);
  assert.deepEqual(slow.started(), [0, 250]);
  const failing = racing(250, null);
  failing.clock.run(100);
  failing.runs[0].failed();
  assert.deepEqual(failing.started(), [0, 100]);
  failing.clock.idle();
  assert.equal(failing.runs.length, 2);
});

test('one that is not the last sent off fails without the next’s being sent off', () => {
  const { runs, clock, told } = racing(250, null, null);
  clock.run(250);
  runs[0].failed();
  assert.equal(runs.length, 2);
  runs[1].failed();
  assert.equal(runs.length, 3);
  runs[2].failed();
  assert.deepEqual(told, ['failed']);
});

test('where the last sent off fails the next is sent off, though others run still', () => {
  const { runs, clock, started } = racing(250, null, null);
  clock.run(250);
  runs[1].failed();
  assert.deepEqual(started(), [0, 250, 250]);
});

test('it has failed when all have, whoever is the last', () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const { runs, clock, told } = racing(250, null);
    clock.run(250);
    runs[order[0]].failed();
    assert.deepEqual(told, []);
    runs[order[1]].failed();
    assert.deepEqual([told, clock.pending()], [['failed'], 0]);
  }
});

test('the first to arrive has won, and the others have lost, those that had failed too', () => {
  for (const winner of [0, 1]) {
    const { runs, clock, told } = racing(250, null);
    clock.run(250);
    runs[winner].arrived('prize');
    assert.deepEqual([told, runs[winner].heard, runs[1 - winner].heard], [['prize'], [], ['lose']]);
    assert.equal(clock.pending(), 0);
  }
  const { runs, clock } = racing(250, null);
  runs[0].arrived('prize');
  clock.idle();
  assert.equal(runs.length, 1, 'nobody is sent off after that');
});

test('cancelled, it cancels those that run, and sends off no more', () => {
  const { runs, clock, cancel, told } = racing(250, 250, null);
  clock.run(250);
  cancel();
  cancel();
  assert.deepEqual(
    runs.map(({ heard }) => heard),
    [['cancel'], ['cancel']],
  );
  runs[1].failed();
  runs[0].failed();
  clock.idle();
  assert.deepEqual([runs.length, told, clock.pending()], [2, [], 0]);
});

test('cancelled when it is over, it leaves those that have lost alone', () => {
  const won = racing(250, null);
  won.clock.run(250);
  won.runs[0].arrived('prize');
  won.cancel();
  assert.deepEqual(won.runs[1].heard, ['lose']);
  const lost = racing(null);
  lost.runs[0].failed();
  lost.cancel();
  assert.deepEqual([lost.runs[0].heard, lost.told], [[], ['failed']]);
});

test('where nobody takes part it has failed', () => {
  assert.deepEqual(racing().told, ['failed']);
});

/** A runner that does something while it is sent off. */
const atOnce = (run, alone) => ({
  alone,
  start(on) {
    run(on);
    return { cancel: () => run.heard.push('cancel'), lose() {} };
  },
});

test('one may fail while it is sent off', () => {
  const clock = virtualClock();
  const sent = [];
  const told = [];
  const failing = (name) => {
    const run = (on) => (sent.push(name), on.failed());
    run.heard = [];
    return atOnce(run, 250);
  };
  race([failing('a'), failing('b')], clock, { failed: () => told.push('failed') });
  assert.deepEqual([sent, told, clock.pending()], [['a', 'b'], ['failed'], 0]);
});

test('cancelled while one is sent off, it cancels that one', () => {
  const clock = virtualClock();
  let cancel;
  const run = () => cancel();
  run.heard = [];
  const before = { start: (on) => (clock.after(5, on.failed), { cancel() {}, lose() {} }) };
  cancel = race([before, atOnce(run, 250), before], clock, { failed: () => assert.fail('it tells') });
  clock.idle();
  assert.deepEqual(run.heard, ['cancel']);
});
