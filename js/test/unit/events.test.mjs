import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inherit, nativeBase, ownBase } from '../../build/events.js';
import { withGlobals } from './globals.mjs';

/** Events and targets of a browser, where the test's engine has none. */
class CloseEvent extends Event {
  constructor(type, { code = 0, reason = '', wasClean = false } = {}) {
    super(type);
    Object.assign(this, { code, reason, wasClean });
  }
}

/** A target on a base of our own, and what its listeners have heard. */
function target() {
  const lists = new Map();
  const base = ownBase((socket) => {
    if (!lists.has(socket)) throw new TypeError('Illegal invocation');
    return lists.get(socket);
  });
  const at = base.construct(null, inherit(base.prototype));
  lists.set(at, []);
  const heard = [];
  return {
    base,
    at,
    heard,
    hear: (name) => (event) => heard.push(name ?? event.type),
    fire: (type, init) => base.fire(at, type, init),
  };
}

test('listeners hear events of their type, in the order they were added', () => {
  const { at, heard, hear, fire } = target();
  at.addEventListener('message', hear('a'));
  at.addEventListener('close', hear('x'));
  at.addEventListener('message', hear('b'), true);
  at.addEventListener('message', hear('c'), { capture: false });
  fire('message', {});
  assert.deepEqual(heard, ['a', 'b', 'c']);
});

test('an event has its type, its target, and what it was made with', () => {
  const { at, fire } = target();
  let event, during;
  at.addEventListener('message', function (e) {
    event = e;
    during = { self: this, target: e.target, current: e.currentTarget, phase: e.eventPhase };
  });
  fire('message', { data: 'x', origin: 'wss://target.test' });
  assert.deepEqual(during, { self: at, target: at, current: at, phase: 2 });
  assert.deepEqual(
    [event.type, event.data, event.origin, event.bubbles, event.cancelable, event.isTrusted, event.defaultPrevented],
    ['message', 'x', 'wss://target.test', false, false, false, false],
  );
  assert.deepEqual([event.target, event.currentTarget, event.eventPhase], [at, null, 0], 'afterwards');
  assert.equal(typeof event.timeStamp, 'number');
  event.preventDefault();
  event.stopPropagation();
  assert.equal(event.defaultPrevented, false, 'it cannot be cancelled');
});

test('events are those of the browser, as far as they inherit', (t) => {
  withGlobals(t, { CloseEvent });
  const { at, fire } = target();
  const events = [];
  for (const type of ['open', 'message', 'close']) at.addEventListener(type, (e) => events.push(e));
  fire('open', {});
  fire('message', { data: 'x' });
  fire('close', { code: 3000, reason: 'bye', wasClean: true });
  assert.deepEqual(
    events.map((e) => [e instanceof Event, e instanceof MessageEvent, e instanceof CloseEvent]),
    [
      [true, false, false],
      [true, true, false],
      [true, false, true],
    ],
  );
  assert.deepEqual([events[1].data, events[2].code, events[2].reason, events[2].wasClean], ['x', 3000, 'bye', true]);
});

test('a listener is added once for its type, its callback and its capture', () => {
  const { at, heard, hear, fire } = target();
  const a = hear('a');
  for (const options of [undefined, false, { capture: false }, {}, { once: true }])
    at.addEventListener('open', a, options);
  fire('open', {});
  fire('open', {});
  assert.deepEqual(heard, ['a', 'a']);
  at.addEventListener('open', a, true);
  at.addEventListener('close', a);
  heard.length = 0;
  fire('open', {});
  assert.deepEqual(heard, ['a', 'a']);
});

test('a listener that is removed hears nothing more, and others do', () => {
  const { at, heard, hear, fire } = target();
  const [a, b] = [hear('a'), hear('b')];
  at.addEventListener('open', a);
  at.addEventListener('open', b);
  at.removeEventListener('open', a, true);
  at.removeEventListener('close', a);
  at.removeEventListener('open', () => {});
  at.removeEventListener('open', null);
  fire('open', {});
  at.removeEventListener('open', a);
  at.removeEventListener('open', a);
  fire('open', {});
  assert.deepEqual(heard, ['a', 'b', 'b']);
});

test('once is once, also where it fires again by itself', () => {
  const { at, heard, hear, fire } = target();
  at.addEventListener('open', () => (hear('a')(), heard.length < 5 && fire('open', {})), { once: true });
  at.addEventListener('open', hear('b'));
  fire('open', {});
  fire('open', {});
  assert.deepEqual(heard, ['a', 'b', 'b', 'b']);
});

test('one that is removed while an event is told does not hear it, and one that is added hears the next', () => {
  const { at, heard, hear, fire } = target();
  const [b, late] = [hear('b'), hear('late')];
  at.addEventListener('open', () => {
    heard.push('a');
    at.removeEventListener('open', b);
    at.addEventListener('open', late);
  });
  at.addEventListener('open', b);
  at.addEventListener('open', hear('c'));
  fire('open', {});
  assert.deepEqual(heard, ['a', 'c']);
  fire('open', {});
  assert.deepEqual(heard, ['a', 'c', 'a', 'c', 'late']);
});

test('one that is removed and added again while an event is told hears the next', () => {
  const { at, heard, hear, fire } = target();
  const b = hear('b');
  const again = () => {
    at.removeEventListener('open', b);
    at.addEventListener('open', b);
  };
  at.addEventListener('open', again, { once: true });
  at.addEventListener('open', b);
  fire('open', {});
  assert.deepEqual(heard, []);
  fire('open', {});
  assert.deepEqual(heard, ['b']);
});

test('an object with handleEvent is a listener, which is looked up each time', () => {
  const { at, heard, fire } = target();
  const object = {
    handleEvent(event) {
      heard.push([this === object, event.type]);
    },
  };
  at.addEventListener('open', object);
  fire('open', {});
  object.handleEvent = () => heard.push('another');
  fire('open', {});
  assert.deepEqual(heard, [[true, 'open'], 'another']);
});

test('null and undefined are no listeners', () => {
  const { at, fire } = target();
  at.addEventListener('open', null);
  at.addEventListener('open', undefined);
  fire('open', {});
});

test('an exception in a listener is reported, and the others hear the event', (t) => {
  const { at, heard, hear, fire } = target();
  const [reported, later] = [[], []];
  const error = new Error('it is broken');
  at.addEventListener('open', () => {
    throw error;
  });
  at.addEventListener('open', {}); // which has no handleEvent
  at.addEventListener('open', hear('b'));
  withGlobals(t, { reportError: (e) => reported.push(e), setTimeout: (run) => later.push(run) });
  fire('open', {});
  assert.deepEqual([heard, reported[0], later], [['b'], error, []]);
  assert.equal(reported[1].name, 'TypeError');
  withGlobals(t, { reportError: undefined });
  fire('open', {});
  assert.deepEqual([heard, reported.length, later.length], [['b', 'b'], 2, 2]);
  assert.throws(later[0], error, 'where there is no reportError it is thrown when nobody waits');
});

test('stopImmediatePropagation stops it', () => {
  const { at, heard, hear, fire } = target();
  at.addEventListener('open', (event) => {
    heard.push('a');
    event.stopImmediatePropagation();
  });
  at.addEventListener('open', hear('b'));
  fire('open', {});
  assert.deepEqual(heard, ['a']);
  fire('open', {});
  assert.deepEqual(heard, ['a', 'a'], 'and not the next');
});

test('types are strings, whatever is given', () => {
  const { at, heard, hear, fire } = target();
  const a = hear('a');
  at.addEventListener({ toString: () => 'open' }, a);
  fire('open', {});
  at.removeEventListener({ toString: () => 'open' }, a);
  fire('open', {});
  assert.deepEqual(heard, ['a']);
});

test('a page may fire events of its own', () => {
  const { at, heard, hear } = target();
  at.addEventListener('custom', hear());
  assert.equal(at.dispatchEvent(new Event('custom')), true);
  assert.equal(at.dispatchEvent({ type: 'custom', defaultPrevented: true }), false);
  assert.deepEqual(heard, ['custom', 'custom']);
});

test('what is no socket has no listeners', () => {
  const { at } = target();
  for (const method of ['addEventListener', 'removeEventListener', 'dispatchEvent']) {
    assert.throws(() => at[method].call({}, 'open', () => {}), TypeError);
  }
});

test('what a page has added to all objects does not get into an event', (t) => {
  const { at, fire } = target();
  let own;
  at.addEventListener('open', (event) => (own = Object.hasOwn(event, 'added')));
  t.after(() => delete Object.prototype.added);
  Object.prototype.added = 'x';
  fire('open', {});
  assert.equal(own, false);
});

test('it needs nothing of the browser', (t) => {
  withGlobals(t, { EventTarget: undefined, Event: undefined, MessageEvent: undefined });
  const { at, heard, hear, fire } = target();
  at.addEventListener('message', hear());
  fire('message', { data: 'x' });
  assert.deepEqual(heard, ['message']);
});

test('where the browser has EventTarget, a socket of ours is one', () => {
  const { at } = target();
  assert.ok(at instanceof EventTarget);
});

test('the browser’s own base is there where scripts can make it', (t) => {
  withGlobals(t, { CloseEvent: undefined });
  assert.equal(nativeBase(), null);
  withGlobals(t, { CloseEvent });
  const base = nativeBase();
  assert.equal(base.prototype, EventTarget.prototype);
  const prototype = Object.create(base.prototype);
  const at = base.construct(prototype, {});
  assert.equal(Object.getPrototypeOf(at), prototype);
  const heard = [];
  for (const type of ['open', 'message', 'close', 'error']) at.addEventListener(type, (event) => heard.push(event));
  base.fire(at, 'open', {});
  base.fire(at, 'message', { data: 'x', origin: 'wss://target.test' });
  base.fire(at, 'close', { code: 1000, reason: 'bye', wasClean: true });
  base.fire(at, 'error', {});
  assert.deepEqual(
    heard.map((e) => e.constructor),
    [Event, MessageEvent, CloseEvent, Event],
  );
  assert.deepEqual(
    [heard[1].data, heard[1].origin, heard[2].code, heard[2].reason],
    ['x', 'wss://target.test', 1000, 'bye'],
  );
  withGlobals(t, {
    EventTarget: class {
      constructor() {
        throw new TypeError('Illegal constructor');
      }
    },
  });
  assert.equal(nativeBase(), null);
});

test('an object inherits where there is something to inherit from', (t) => {
  const prototype = { a: 1 };
  assert.equal(inherit(prototype).a, 1);
  assert.deepEqual(inherit(null), {});
  assert.deepEqual(inherit(undefined), {});
  const { create } = Object;
  t.after(() => (Object.create = create));
  Object.create = undefined;
  assert.equal(Object.getPrototypeOf(inherit(prototype)), prototype);
});
