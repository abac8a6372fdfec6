import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fifo } from '../../build/engine/fifo.js';
import { withGlobals } from './globals.mjs';
import { seeded, virtualClock } from './virtual.mjs';

let copies = 0;
/** A module that has not run yet, and so finds the engine that there is now. */
const fresh = (name) => import(`../../build/engine/${name}.js?copy=${++copies}`);

// The queue.

test('what goes into a queue comes out in its order', () => {
  const chance = seeded(1);
  const queue = new Fifo();
  const model = [];
  for (let i = 0; i < 5000; i++) {
    if (chance.happens(0.55)) {
      queue.push(i);
      model.push(i);
    } else {
      assert.equal(queue.first(), model[0]);
      assert.equal(queue.shift(), model.shift());
    }
    assert.equal(queue.length(), model.length);
  }
  while (model.length) assert.equal(queue.shift(), model.shift());
  assert.deepEqual([queue.length(), queue.first(), queue.shift(), queue.length()], [0, undefined, undefined, 0]);
  queue.push('again');
  assert.deepEqual([queue.first(), queue.shift()], ['again', 'again']);
});

test('a long queue is taken out as fast as a short one, and keeps little of what is gone', () => {
  const queue = new Fifo();
  for (let i = 0; i < 300_000; i++) queue.push(i);
  for (let i = 0; i < 299_990; i++) queue.shift();
  assert.equal(queue.first(), 299_990);
  assert.ok(queue.items.length <= 21, `${queue.items.length} items for 10`);
});

// The clock.

test('the clock tells the time, and calls once and later, unless that is cancelled', async (t) => {
  const virtual = virtualClock();
  withGlobals(t, {
    setTimeout: (run, milliseconds) => virtual.after(milliseconds, run),
    clearTimeout: (cancel) => cancel(),
  });
  const { clock } = await fresh('clock');
  const told = [];
  clock.after(10, () => told.push('ten'));
  const cancel = clock.after(5, () => told.push('five'));
  cancel();
  assert.deepEqual(told, []);
  virtual.idle();
  cancel();
  assert.deepEqual(told, ['ten']);
  assert.ok(Math.abs(clock.now() - Date.now()) < 1000);
  for (let i = 0; i < 100; i++) assert.ok(clock.random() >= 0 && clock.random() < 1);
});

test('soon is when the code that runs now is done, before any timer', async (t) => {
  const virtual = virtualClock();
  withGlobals(t, { setTimeout: (run, milliseconds) => virtual.after(milliseconds, run) });
  const { clock } = await fresh('clock');
  const told = [];
  clock.soon(() => told.push('soon'));
  assert.deepEqual(told, []);
  await null;
  assert.deepEqual(told, ['soon']);
  withGlobals(t, { Promise: undefined });
  clock.soon(() => told.push('later'));
  assert.equal(told.length, 1);
  virtual.idle();
  assert.deepEqual(told, ['soon', 'later']);
});

// Tasks.

const posters = {
  'a channel'(t) {
    const clock = virtualClock();
    withGlobals(t, {
      MessageChannel: class {
        port1 = {};
        port2 = { postMessage: () => clock.after(0, () => this.port1.onmessage({})) };
      },
    });
    return clock;
  },
  timers(t) {
    const clock = virtualClock();
    withGlobals(t, { MessageChannel: undefined, setTimeout: (run, milliseconds) => clock.after(milliseconds, run) });
    return clock;
  },
};

for (const [name, install] of Object.entries(posters)) {
  test(`tasks by ${name} run later, one at a time and in their order`, async (t) => {
    const clock = install(t);
    const { queueTask } = await fresh('tasks');
    const told = [];
    for (const n of [1, 2, 3]) {
      queueTask(() => {
        told.push(n);
        clock.soon(() => told.push(`after ${n}`)); // what awaits it
        if (n === 1) queueTask(() => told.push('from 1'));
      });
    }
    assert.deepEqual(told, []);
    clock.idle();
    assert.deepEqual(told, [1, 'after 1', 2, 'after 2', 3, 'after 3', 'from 1']);
  });

  test(`a task by ${name} that throws holds up no other`, async (t) => {
    const clock = install(t);
    const { queueTask } = await fresh('tasks');
    const told = [];
    queueTask(() => {
      throw new Error('it is broken');
    });
    queueTask(() => told.push('the next'));
    assert.throws(() => clock.idle(), /it is broken/);
    clock.idle();
    assert.deepEqual(told, ['the next']);
  });
}

// Pages that go away.

test('what is to run when the page goes away runs once', async (t) => {
  const listeners = [];
  withGlobals(t, { onpagehide: null, addEventListener: (type, run, capture) => listeners.push([type, capture, run]) });
  const { onPageHide } = await fresh('pagehide');
  const told = [];
  onPageHide(() => told.push('a'));
  const stay = onPageHide(() => told.push('b'));
  const again = () => told.push('c');
  onPageHide(again);
  stay();
  stay();
  assert.deepEqual(
    listeners.map(([type, capture]) => [type, capture]),
    [['pagehide', false]],
  );
  listeners[0][2]();
  assert.deepEqual(told, ['a', 'c']);
  listeners[0][2]();
  assert.deepEqual(told, ['a', 'c']);
  onPageHide(() => told.push('d'));
  listeners[0][2]();
  assert.deepEqual([told, listeners.length], [['a', 'c', 'd'], 1]);
});

test('engines without pagehide have unload, and the oldest attachEvent', async (t) => {
  const listened = [];
  withGlobals(t, { onpagehide: undefined, addEventListener: (type) => listened.push(type) });
  (await fresh('pagehide')).onPageHide(() => {});
  withGlobals(t, { addEventListener: undefined, attachEvent: (type) => listened.push(type) });
  (await fresh('pagehide')).onPageHide(() => {});
  withGlobals(t, { attachEvent: undefined });
  (await fresh('pagehide')).onPageHide(() => {});
  assert.deepEqual(listened, ['unload', 'onunload']);
});

// The tests' own clock, on which all others stand.

test('virtual time passes in order, and stands still else', () => {
  const clock = virtualClock();
  const told = [];
  const from = clock.now();
  const at = (name) => told.push([name, clock.now() - from]);
  clock.after(20, () => at('c'));
  clock.after(10, () => {
    at('a');
    clock.soon(() => at('soon'));
    clock.after(10, () => at('d'));
  });
  clock.after(10, () => at('b'));
  const cancel = clock.after(15, () => at('never'));
  cancel();
  assert.deepEqual(told, []);
  clock.run(19);
  assert.deepEqual(told, [
    ['a', 10],
    ['soon', 10],
    ['b', 10],
  ]);
  assert.equal(clock.now() - from, 19);
  clock.idle();
  assert.deepEqual(told.slice(3), [
    ['c', 20],
    ['d', 20],
  ]);
  assert.equal(clock.pending(), 0);
  assert.throws(() => clock.after(NaN, () => {}), /a timer of NaN ms/);
});
