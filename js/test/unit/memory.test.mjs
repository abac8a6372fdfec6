import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock as machine } from '../../build/engine/clock.js';
import { recall } from '../../build/memory.js';
import { withGlobals } from './globals.mjs';
import { storage } from './stage.mjs';
import { virtualClock } from './virtual.mjs';

const minute = 60_000;
const routers = ['https://a.test'];
const target = 'wss://target.test/';

/** A page with a localStorage, or what stands in its place; `place` is the target's. */
function page(t, localStorage = storage()) {
  const clock = virtualClock();
  const before = { ...machine };
  t.after(() => Object.assign(machine, before));
  Object.assign(machine, { now: clock.now });
  withGlobals(t, { localStorage });
  return { clock, localStorage, place: recall(routers, target) };
}

/** Another copy of the module: another tab, or a page that comes later. */
let tabs = 0;
const tab = async () => (await import(`../../build/memory.js?tab=${++tabs}`)).recall(routers, target);

test('nothing is known at first', (t) => {
  const { place } = page(t);
  assert.deepEqual([place.took(), place.blocked('websocket')], [0, '']);
});

test('how long it took is what it took the last time, for a day', (t) => {
  const { place, clock } = page(t);
  place.opened(120);
  place.opened(80);
  clock.run(24 * 60 * minute - 1);
  assert.equal(place.took(), 80);
  clock.run(1);
  assert.equal(place.took(), 0);
});

test('what is blocked is so for half an hour, or for as long as was said', (t) => {
  const { place, clock } = page(t);
  for (const why of ['refused', 'hung', 'killed']) {
    place.block('websocket', why);
    clock.run(30 * minute - 1);
    assert.equal(place.blocked('websocket'), why);
    clock.run(1);
    assert.equal(place.blocked('websocket'), '');
  }
  place.block('websocket', 'hung', 5000);
  clock.run(4999);
  assert.equal(place.blocked('websocket'), 'hung');
  clock.run(1);
  assert.equal(place.blocked('websocket'), '');
});

test('what opens is not blocked, but may be killed', (t) => {
  const { place } = page(t);
  for (const [why, left] of [
    ['refused', ''],
    ['hung', ''],
    ['killed', 'killed'],
  ]) {
    place.block('websocket', why);
    place.opened(100);
    assert.equal(place.blocked('websocket'), left);
  }
});

test('only what was to be forgotten is', (t) => {
  const { place } = page(t);
  place.opened(100);
  place.block('websocket', 'refused');
  place.forget('websocket', 'killed');
  assert.equal(place.blocked('websocket'), 'refused');
  place.block('websocket', 'killed');
  place.forget('websocket', 'killed');
  assert.deepEqual([place.blocked('websocket'), place.took()], ['', 100]);
});

test('it is per routers, and per scheme, host and port of the target', (t) => {
  const { place } = page(t);
  place.block('websocket', 'hung');
  for (const same of ['wss://target.test/other?x', 'wss://target.test?x', 'wss://target.test'])
    assert.equal(recall(routers, same).blocked('websocket'), 'hung', same);
  for (const other of ['ws://target.test/', 'wss://target.test:444/', 'wss://other.test/', 'wss://target.test.test/'])
    assert.equal(recall(routers, other).blocked('websocket'), '', other);
  for (const others of [['https://b.test'], ['https://a.test', 'https://b.test'], ['https://a.test/base']])
    assert.equal(recall(others, target).blocked('websocket'), '', others.join());
});

test('the next page knows it, and another tab, each what the other has found out last', async (t) => {
  const { place } = page(t);
  const [other, third] = [await tab(), await tab()];
  place.opened(100);
  other.block('websocket', 'refused');
  assert.deepEqual(
    [place.took(), place.blocked('websocket'), third.took(), third.blocked('websocket')],
    [100, 'refused', 100, 'refused'],
  );
  place.opened(50);
  assert.deepEqual([other.blocked('websocket'), other.took()], ['', 50]);
});

test('it has one key, and a version', (t) => {
  const { place, localStorage, clock } = page(t);
  place.block('websocket', 'killed');
  assert.deepEqual([...localStorage.items.keys()], ['polysocket']);
  assert.deepEqual(JSON.parse(localStorage.items.get('polysocket')), {
    v: 1,
    facts: [['https://a.test wss://target.test', 'websocket', 'killed', clock.now() + 30 * minute]],
  });
});

test('it stays small: of many targets the last are known', (t) => {
  const { localStorage } = page(t);
  const at = (i) => recall(routers, `wss://${i}.${'long.'.repeat(20)}test/`);
  for (let i = 0; i < 200; i++) {
    at(i).opened(i + 1);
    at(i).block('websocket', 'hung');
  }
  assert.ok(localStorage.items.get('polysocket').length < 20_000);
  assert.deepEqual([at(199).took(), at(199).blocked('websocket'), at(170).took()], [200, 'hung', 171]);
  assert.deepEqual([at(0).took(), at(100).blocked('websocket')], [0, '']);
});

test('what has expired is not kept', (t) => {
  const { place, localStorage, clock } = page(t);
  recall(routers, 'wss://other.test').block('websocket', 'hung');
  clock.run(31 * minute);
  place.block('websocket', 'hung');
  assert.equal(JSON.parse(localStorage.items.get('polysocket')).facts.length, 1);
});

const where = 'https://a.test wss://target.test';
const garbage = {
  empty: '',
  'no JSON': '{"v":1,',
  null: 'null',
  'a number': '7',
  'a list': '[]',
  'no facts': '{"v":1}',
  'facts that are none': '{"v":1,"facts":7}',
  'odd facts': '{"v":1,"facts":[null,7,"x",[],{},[[]]]}',
  'another version': (now) => `{"v":2,"facts":[["${where}","websocket","hung",${now + 1000}]]}`,
  'an unknown word': (now) => `{"v":1,"facts":[["${where}","websocket","__proto__",${now + 1000}]]}`,
  'no word': (now) => `{"v":1,"facts":[["${where}","websocket",null,${now + 1000}]]}`,
  'no time': `{"v":1,"facts":[["${where}","websocket","hung","soon"]]}`,
  'a time that never comes': (now) => `{"v":1,"facts":[["${where}","websocket","hung",${now * 1000}]]}`,
  'a time that is over': (now) => `{"v":1,"facts":[["${where}","websocket","hung",${now}]]}`,
  'no milliseconds': (now) => `{"v":1,"facts":[["${where}","took","long",${now + 1000}]]}`,
  'less than none': (now) => `{"v":1,"facts":[["${where}","took",-5,${now + 1000}]]}`,
};
for (const [name, text] of Object.entries(garbage)) {
  test(`garbage is not minded: ${name}`, (t) => {
    const { place, localStorage, clock } = page(t);
    localStorage.setItem('polysocket', typeof text === 'function' ? text(clock.now()) : text);
    assert.deepEqual([place.took(), place.blocked('websocket')], [0, '']);
    place.opened(100);
    place.block('websocket', 'refused');
    assert.deepEqual([place.took(), place.blocked('websocket')], [100, 'refused']);
    assert.equal(JSON.parse(localStorage.items.get('polysocket')).v, 1);
  });
}

test('garbage beside facts does not hide them', (t) => {
  const { place, localStorage, clock } = page(t);
  const fact = `["${where}","websocket","hung",${clock.now() + 1000}]`;
  localStorage.setItem('polysocket', `{"v":1,"facts":[null,${fact},7]}`);
  assert.equal(place.blocked('websocket'), 'hung');
});

const no = () => {
  throw new Error('no');
};
const broken = {
  'there is none': { value: undefined },
  'it is null': { value: null },
  'it may not be used': { get: no },
  'it throws': { value: { getItem: no, setItem: no } },
  'it is full': { value: { getItem: () => null, setItem: no } },
};
for (const [name, descriptor] of Object.entries(broken)) {
  test(`where ${name} the page remembers it by itself`, async (t) => {
    const { clock } = page(t);
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, ...descriptor });
    const [place, other] = [await tab(), await tab()];
    place.opened(100);
    place.block('websocket', 'hung');
    assert.deepEqual([place.took(), place.blocked('websocket'), other.blocked('websocket')], [100, 'hung', '']);
    clock.run(30 * minute);
    assert.deepEqual([place.took(), place.blocked('websocket')], [100, '']);
  });
}

test('what could not be stored is, as soon as there is room, and others are heard again', async (t) => {
  const { localStorage } = page(t);
  const [place, other] = [await tab(), await tab()];
  const { setItem } = localStorage;
  localStorage.setItem = no;
  place.block('websocket', 'hung');
  localStorage.setItem = setItem;
  assert.deepEqual([place.blocked('websocket'), other.blocked('websocket')], ['hung', '']);
  place.opened(100);
  other.block('websocket', 'killed');
  assert.deepEqual([place.blocked('websocket'), other.took()], ['killed', 100]);
});
