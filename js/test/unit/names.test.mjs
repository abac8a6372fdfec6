import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Names } from '../../build/names.js';
import { virtualClock } from './virtual.mjs';

const bare = 'https://tom.test';
let count = 0;

/** A socket whose relay has a fresh label, as it begins. */
function addressOf(names, of = bare) {
  const label = of.replace('//', `//k${++count}.`);
  const at = { relay: label, socket: 'abc', names: { label, bare: of } };
  names.begin(at);
  return at;
}

const byBare = (at) => at.relay === at.names.bare;

function rig() {
  const clock = virtualClock();
  const names = new Names(clock);
  return { clock, names, address: (of) => addressOf(names, of) };
}

test('the label is tried first, then the bare name, and each in turn until one has answered', () => {
  const { names, address } = rig();
  const at = address();
  const tried = [];
  for (let i = 0; i < 5; i++) {
    tried.push(byBare(at));
    names.unreached(at, at.relay);
  }
  assert.deepEqual(tried, [false, true, false, true, false]);
});

test('where the bare name answers the socket stays with it, and others begin with it', () => {
  const { names, address } = rig();
  const at = address();
  names.unreached(at, at.relay);
  names.reached(at, at.relay);
  for (let i = 0; i < 3; i++) {
    names.unreached(at, at.relay);
    assert.equal(byBare(at), true);
  }
  assert.equal(byBare(address()), true);
  assert.equal(byBare(address('https://other.test')), false);
});

test('for ten minutes: then a label is tried again, and where that fails it is ten minutes more', () => {
  const { clock, names, address } = rig();
  const first = address();
  names.unreached(first, first.relay);
  names.reached(first, first.relay);
  clock.run(599_999);
  assert.equal(byBare(address()), true);
  clock.run(1);
  names.reached(first, first.relay); // which goes on, and proves nothing new
  const at = address();
  assert.equal(byBare(at), false);
  names.unreached(at, at.relay);
  assert.equal(byBare(at), true);
  clock.run(599_999);
  assert.equal(byBare(address()), true);
});

test('where a label has ever answered no bare name is needed', () => {
  const { names, address } = rig();
  const at = address();
  names.reached(at, at.relay);
  names.unreached(at, at.relay);
  assert.equal(byBare(at), false);
  const other = address();
  names.unreached(other, other.relay);
  assert.equal(byBare(other), false);
  names.reached(other, bare); // a request that was on its way
  assert.equal(byBare(address()), false);
});

test('who goes by the bare name goes back to the label where that has answered since, and the bare one fails', () => {
  const { names, address } = rig();
  const at = address();
  const { label } = at.names;
  names.unreached(at, label);
  names.reached(at, label); // a read that was under way all the time
  assert.equal(byBare(at), true);
  names.unreached(at, bare);
  assert.equal(byBare(at), false);
});

test('a request that fails late, by a name that is not in use any more, changes nothing', () => {
  const { names, address } = rig();
  const at = address();
  const { label } = at.names;
  names.unreached(at, label);
  names.unreached(at, label);
  assert.equal(byBare(at), true);
});

test('a relay of one name has that', () => {
  const { names } = rig();
  const at = { relay: bare, socket: 'abc' };
  names.begin(at);
  names.unreached(at, bare);
  names.reached(at, bare);
  assert.deepEqual(at, { relay: bare, socket: 'abc' });
});
