// The class in an engine without accessors, as IE 8 is: what a socket shows are properties of its own, which are set whenever
// they change, and handlers are looked up when they are called. This file breaks the engine before the client is loaded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setGlobals, withGlobals } from './globals.mjs';

let channel = null;
const { defineProperty } = Object;
setGlobals({
  WeakMap: undefined,
  EventTarget: undefined,
  Event: undefined,
  MessageEvent: undefined,
  CloseEvent: undefined,
  reportError: undefined,
  MessageChannel: class {
    port1 = {};
    port2 = { postMessage: () => channel(() => this.port1.onmessage({})) };
  },
});
Object.defineProperty = () => {
  throw new TypeError("Object doesn't support this action");
};
const { accessors } = await import('../../build/interface.js');
const { create, info } = await import('../../build/index.js');
Object.defineProperty = defineProperty;
const { stage } = await import('./stage.mjs');

/** Runs a test in that engine, with a class of sockets on a stage. */
function old(name, run) {
  test(name, (t) => {
    const set = stage(t);
    channel = (next) => set.clock.after(0, next);
    withGlobals(t, { fetch: set.globals.fetch, WebSocket: undefined });
    const WebSocket = create({ router: 'https://a.test', transports: ['xhr'] });
    t.after(() => (Object.defineProperty = defineProperty));
    Object.defineProperty = () => {
      throw new TypeError("Object doesn't support this action");
    };
    run({ ...set, WebSocket });
  });
}

old('the engine is that old', () => {
  assert.equal(accessors, false);
});

old('a socket shows what it is, from its beginning to its end', ({ WebSocket, clock, last }) => {
  const socket = new WebSocket('http://target.test/x', 'b');
  const shows = () => [socket.readyState, socket.bufferedAmount, socket.protocol];
  assert.deepEqual([socket.url, socket.extensions, socket.binaryType], ['ws://target.test/x', '', 'blob']);
  assert.deepEqual([socket.onopen, socket.onmessage, socket.OPEN, WebSocket.CLOSED], [null, null, 1, 3]);
  assert.deepEqual(shows(), [0, 0, '']);
  const heard = [];
  for (const type of ['open', 'message', 'error', 'close']) {
    socket[`on${type}`] = function (event) {
      assert.equal(this, socket);
      assert.equal(event.target, socket);
      heard.push([event.type, ...shows()]);
    };
  }
  clock.settle();
  const target = last().made('b');
  clock.run(1);
  assert.deepEqual(heard, [['open', 1, 0, 'b']]);
  socket.send('é');
  assert.deepEqual(shows(), [1, 2, 'b']);
  clock.run(100);
  target.send('t', 'x');
  clock.run(100);
  assert.deepEqual(heard[1], ['message', 1, 0, 'b']);
  socket.close(3000, 'bye');
  assert.equal(socket.readyState, 2);
  socket.send('abc');
  assert.equal(socket.bufferedAmount, 3);
  clock.idle();
  assert.deepEqual(heard.slice(2), [['close', 3, 3, 'b']]);
  assert.deepEqual([target.messages, target.closed], [['é'], { code: 3000, reason: 'bye' }]);
  assert.equal(info(socket).transport, 'xhr');
});

old('handlers are those that are there when an event is fired', ({ WebSocket, clock, last }) => {
  const socket = new WebSocket('ws://target.test/');
  const heard = [];
  socket.onmessage = () => heard.push('first');
  socket.addEventListener('message', () => heard.push('listener'));
  socket.onmessage = () => heard.push('second');
  clock.settle();
  const target = last().made();
  clock.run(1);
  target.send('t', 'x');
  clock.run(100);
  assert.deepEqual(heard.sort(), ['listener', 'second']);
  socket.onmessage = null;
  target.send('t', 'x');
  clock.run(100);
  assert.deepEqual(heard.sort(), ['listener', 'listener', 'second']);
});

old('binaryType is what the page has set', ({ WebSocket, clock, last }) => {
  const socket = new WebSocket('ws://target.test/');
  const data = [];
  socket.onmessage = (event) => data.push(event.data);
  socket.binaryType = 'arraybuffer';
  clock.settle();
  const target = last().made();
  clock.run(1);
  target.send('b', Buffer.of(1, 2));
  clock.run(100);
  assert.deepEqual(data, [Uint8Array.of(1, 2).buffer]);
});

old('one that fails has its error in info, and its state is its own', ({ WebSocket, clock, last }) => {
  const [one, two] = [new WebSocket('ws://target.test/1'), new WebSocket('ws://target.test/2')];
  clock.settle();
  last().refuses('target_denied');
  clock.run(2);
  assert.deepEqual([two.readyState, info(two).error], [3, 'this is target_denied']);
  assert.deepEqual([one.readyState, info(one).error], [0, '']);
  assert.throws(() => WebSocket.prototype.close.call({}), TypeError);
});
