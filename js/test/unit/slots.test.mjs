import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from '../../build/slots.js';
import { virtualClock } from './virtual.mjs';

/** Senders of one host that always have something to send, unless `idle`. A log has what they are told. */
function senders(names, { host = 'one', world = { clock: virtualClock(), log: [] } } = {}) {
  world.slots ??= new Slots(world.clock);
  const { slots, log } = world;
  world.of ??= {};
  for (const name of names) {
    const sender = {
      idle: false,
      stubborn: false,
      held: 0,
      turn: () => sender.long ?? 1000,
      useSlot() {
        if (sender.idle) return false;
        sender.held++;
        log.push(name);
        return true;
      },
      yieldSlot() {
        log.push(`${name}!`);
        if (!sender.stubborn) while (sender.held) sender.leave();
        world.clock.soon(() => slots.ask(host, sender));
      },
      ask: () => slots.ask(host, sender),
      leave() {
        sender.held--;
        slots.leave(host, sender);
      },
      part: () => slots.part(host, sender),
    };
    slots.join(host);
    world.of[name] = sender;
  }
  return world;
}

test('who is alone has two slots, and no third', () => {
  const { of, log } = senders(['a']);
  for (let i = 0; i < 3; i++) of.a.ask();
  assert.deepEqual(log, ['a', 'a']);
  of.a.leave();
  assert.deepEqual(log, ['a', 'a', 'a']);
  assert.equal(of.a.held, 2);
});

test('asking again while it waits changes nothing', () => {
  const { of, log, slots } = senders(['a', 'b']);
  for (let i = 0; i < 5; i++) of.a.ask();
  of.b.ask();
  of.a.leave();
  assert.deepEqual(log, ['a', 'b', 'a']);
  of.a.leave();
  assert.deepEqual(log, ['a', 'b', 'a'], 'it had asked for one more, and not for four');
  assert.equal(slots.hosts.one.waiting.length, 0);
});

test('where there are several each has one at a time', () => {
  const { of, log } = senders(['a', 'b']);
  for (let i = 0; i < 3; i++) of.a.ask();
  assert.deepEqual(log, ['a']);
  of.b.ask();
  assert.deepEqual(log, ['a', 'b']);
});

test('each has its turn', () => {
  const { of, log } = senders(['a', 'b', 'c', 'd']);
  const all = Object.values(of);
  for (const sender of all) sender.ask();
  for (let i = 0; i < 12; i++) {
    const first = of[log[log.length - 2]];
    first.leave();
    first.ask();
  }
  assert.equal(log.slice(0, 12).join(''), 'abcdabcdabcd');
});

test('one that turns out to have nothing to send takes nobody a slot', () => {
  const { of, log } = senders(['a', 'b', 'c']);
  of.a.ask();
  of.b.idle = true;
  of.b.ask();
  of.c.ask();
  assert.deepEqual(log, ['a', 'c']);
  of.b.idle = false;
  of.a.leave();
  assert.deepEqual(log, ['a', 'c'], 'it does not wait any more');
  of.b.ask();
  assert.deepEqual(log, ['a', 'c', 'b']);
});

test('when others wait a slot is held for a second, and the oldest is given back', () => {
  const { clock, of, log } = senders(['a', 'b', 'c']);
  of.a.ask();
  clock.run(400);
  of.b.ask();
  clock.run(300);
  of.c.ask();
  clock.run(299);
  assert.deepEqual(log, ['a', 'b']);
  clock.run(1);
  assert.deepEqual(log, ['a', 'b', 'a!', 'c']);
  clock.run(400);
  assert.deepEqual(log.slice(4), ['b!', 'a'], 'who has given back waits for its turn');
});

test('whose turn is longer gives back later, and that of another comes first', () => {
  const { clock, of, log } = senders(['a', 'b', 'c']);
  of.a.long = 5000;
  for (const name of 'abc') of[name].ask();
  clock.run(999);
  assert.deepEqual(log, ['a', 'b']);
  clock.run(1);
  assert.deepEqual(log, ['a', 'b', 'b!', 'c']);
  clock.run(1000);
  assert.deepEqual(log.slice(4), ['c!', 'b']);
  clock.run(2999);
  assert.equal(log.includes('a!'), false);
  clock.run(1);
  assert.equal(log.includes('a!'), true);
});

test('who has held one for longer already gives it back at once', () => {
  const { clock, of, log } = senders(['a', 'b', 'c']);
  of.a.ask();
  of.b.ask();
  clock.run(60_000);
  assert.deepEqual(log, ['a', 'b'], 'nobody waits');
  of.c.ask();
  clock.run(0);
  assert.deepEqual(log, ['a', 'b', 'a!', 'c', 'b!', 'a']);
  clock.run(999);
  assert.equal(log.length, 6);
});

test('who has a slot does not wait for another in this sense', () => {
  const { clock, of, log } = senders(['a', 'b']);
  of.a.ask();
  of.b.ask();
  of.a.ask();
  of.b.ask();
  clock.run(10_000);
  assert.deepEqual(log, ['a', 'b']);
});

test('who gives back is behind those who wait, also where it asked before them', () => {
  const { clock, of, log } = senders(['a', 'b', 'c']);
  of.a.ask();
  of.b.ask();
  of.a.ask(); // a writer asks for the next request as soon as it has made one
  of.b.ask();
  of.c.ask();
  clock.run(1000);
  assert.deepEqual(log, ['a', 'b', 'a!', 'c', 'b!', 'a']);
});

test('one that has joined takes a slot of the one who had both', () => {
  const world = senders(['a']);
  world.of.a.ask();
  world.of.a.ask();
  senders(['b'], { world });
  world.of.b.ask();
  world.clock.run(999);
  assert.deepEqual(world.log, ['a', 'a']);
  world.clock.run(1);
  assert.deepEqual(world.log, ['a', 'a', 'a!', 'b', 'a']);
  assert.deepEqual([world.of.a.held, world.of.b.held], [1, 1]);
});

test('where one has nothing that it can give back it is the turn of the other', () => {
  const { clock, of, log } = senders(['a', 'b', 'c']);
  of.a.stubborn = true;
  for (const name of 'abc') of[name].ask();
  clock.run(400);
  of.b.leave();
  of.b.ask();
  clock.run(600);
  assert.deepEqual(log, ['a', 'b', 'c', 'a!']);
  clock.run(399);
  assert.equal(log.length, 4);
  clock.run(1);
  assert.deepEqual(log.slice(4), ['c!', 'b']);
  clock.run(10_000);
  assert.equal(log.filter((told) => told === 'a!').length, 11, 'it is asked once in a second');
});

test('who goes frees what it holds', () => {
  const { of, log } = senders(['a', 'b', 'c']);
  for (const name of 'abc') of[name].ask();
  of.a.part();
  assert.deepEqual(log, ['a', 'b', 'c']);
});

test('who goes waits no more, and who is left alone has both', () => {
  const { clock, of, log } = senders(['a', 'b', 'c']);
  for (const name of 'abca') of[name].ask();
  of.c.part();
  clock.run(5000);
  assert.deepEqual(log, ['a', 'b'], 'nobody is to give back');
  of.b.part();
  assert.deepEqual(log, ['a', 'b', 'a']);
});

test('hosts have their slots apart, and nothing is left of one that nobody sends to', () => {
  const world = senders(['a', 'b', 'c']);
  senders(['x'], { host: 'two', world });
  const { clock, of, log, slots } = world;
  for (const name of 'abcxx') of[name].ask();
  assert.deepEqual(log, ['a', 'b', 'x', 'x']);
  for (const name of 'abc') of[name].part();
  assert.deepEqual(Object.keys(slots.hosts), ['two']);
  of.x.part();
  assert.deepEqual(slots.hosts, {});
  assert.equal(clock.pending(), 0);
});
