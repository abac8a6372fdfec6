// The class that pages get, from its constructor to its last event, on a stage of virtual time. What a page sees of it in a
// browser is for test/browser; here are the moments that no browser lets a test choose.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rota } from '../../build/rota.js';
import { setGlobals, withGlobals } from './globals.mjs';
import { stage } from './stage.mjs';

// The module looks once at what the engine has, so it is given its channel for good.
let channel = null;
setGlobals({
  MessageChannel: class {
    port1 = {};
    port2 = { postMessage: () => channel(() => this.port1.onmessage({})) };
  },
});

/** What browsers have besides, and this engine may not. */
class CloseEvent extends Event {
  constructor(type, init) {
    super(type);
    Object.assign(this, init);
  }
}

const { create, info, install, on } = await import('../../build/index.js');
const undo = setGlobals({ CloseEvent });
const browser = await import('../../build/socket.js?events=browser');
undo();

/** A class of sockets on a stage; `fires` says whose events they fire. */
function rig(t, { fires = 'own', options, ...how } = {}) {
  const set = stage(t, how);
  channel = (run) => set.clock.after(0, run);
  withGlobals(t, {
    fetch: set.globals.fetch,
    CloseEvent: fires === 'browser' ? CloseEvent : undefined,
    WebSocket: undefined,
  });
  const config = {
    routers: ['https://a.test'],
    rota: new Rota(['https://a.test'], 0),
    token: undefined,
    transports: ['xhr'],
    timeout: 10_000,
    native: undefined,
  };
  const WebSocket =
    fires === 'browser'
      ? browser.define(config)
      : create({ router: 'https://a.test', transports: ['xhr'], ...options });
  const heard = [];
  const watch = (socket, events = ['open', 'message', 'error', 'close']) => {
    for (const type of events) {
      socket.addEventListener(type, (e) => {
        const what = { open: [], message: [e.data], error: [], close: [e.code, e.reason, e.wasClean] }[type];
        heard.push([socket.readyState, type, ...what]);
      });
    }
    return socket;
  };
  const opened = (protocols, protocol) => {
    const socket = watch(new WebSocket('wss://target.test/x', protocols));
    set.clock.settle();
    const target = set.last().made(protocol);
    set.clock.run(1);
    heard.length = 0;
    return { socket, target };
  };
  return { ...set, WebSocket, heard, watch, opened };
}

for (const fires of ['own', 'browser']) {
  test(`a socket opens, carries messages and closes, with events that are ${fires === 'own' ? 'our own' : 'the browser’s'}`, (t) => {
    const { clock, last, WebSocket, heard, watch, relay, network } = rig(t, { fires });
    const socket = watch(new WebSocket('https://target.test/x', ['a', 'b']));
    assert.deepEqual(
      [socket.readyState, socket.url, socket.protocol, socket.bufferedAmount],
      [0, 'wss://target.test/x', '', 0],
    );
    clock.settle();
    const target = last().made('b');
    clock.run(1);
    assert.deepEqual(heard, [[1, 'open']]);
    assert.deepEqual([socket.protocol, socket.extensions], ['b', '']);
    socket.binaryType = 'arraybuffer';
    target.send('t', 'down');
    target.send('b', Buffer.of(1, 2, 3));
    socket.send('é');
    socket.send(Uint8Array.of(1));
    assert.equal(socket.bufferedAmount, 3);
    clock.run(100);
    assert.equal(socket.bufferedAmount, 0);
    assert.deepEqual(target.messages, ['é', Buffer.of(1)]);
    socket.close(3000, 'bye');
    assert.equal(socket.readyState, 2);
    clock.idle();
    const [open, text, binary, end, ...more] = heard;
    assert.deepEqual(
      [open, text, end, more],
      [[1, 'open'], [1, 'message', 'down'], [3, 'close', 3000, 'bye', true], []],
    );
    assert.deepEqual([binary[2].byteLength, new Uint8Array(binary[2])], [3, Uint8Array.of(1, 2, 3)]);
    assert.deepEqual([relay.allComplaints(), network.open.size], [[], 0]);
  });
}

test('each event is a task of its own: what awaits one runs before the next', (t) => {
  const { clock, heard, opened } = rig(t);
  const { socket, target } = opened();
  socket.onmessage = () => clock.soon(() => heard.push('after'));
  clock.run(100);
  for (const text of ['a', 'b']) target.send('t', text);
  clock.run(100);
  assert.deepEqual(heard, [[1, 'message', 'a'], 'after', [1, 'message', 'b'], 'after']);
});

test('binary is a Blob, unless it is to be an ArrayBuffer', async (t) => {
  const { clock, opened } = rig(t);
  const { socket, target } = opened();
  const data = [];
  socket.onmessage = (e) => data.push(e.data);
  assert.equal(socket.binaryType, 'blob');
  socket.binaryType = 'nonsense';
  assert.equal(socket.binaryType, 'blob');
  target.send('b', Buffer.of(1, 2));
  clock.run(100);
  socket.binaryType = 'arraybuffer';
  target.send('b', Buffer.of(3));
  clock.run(100);
  assert.ok(data[0] instanceof Blob);
  assert.deepEqual(new Uint8Array(await data[0].arrayBuffer()), Uint8Array.of(1, 2));
  assert.deepEqual(data[1], Uint8Array.of(3).buffer);
});

test('closed before it is open, at any moment, it has failed', (t) => {
  const moments = [
    () => {},
    ({ clock }) => clock.settle(),
    ({ last }) => last().made(),
    ({ clock }) => clock.until(() => true),
    ({ clock }) => {
      // The connection is there, and the task that opens the socket is queued.
      let steps = 0;
      const before = clock.pending();
      clock.stepped = () => steps++;
      clock.until(() => steps === 1, 10);
      clock.stepped = null;
      assert.ok(before);
    },
  ];
  for (let n = 1; n <= moments.length; n++) {
    const all = rig(t);
    const { clock, WebSocket, heard, watch, relay, network } = all;
    const socket = watch(new WebSocket('wss://target.test/'));
    for (const moment of moments.slice(0, n)) moment(all);
    assert.equal(socket.readyState, 0, `moment ${n}`);
    socket.close(3000, 'bye');
    assert.equal(socket.readyState, 2);
    socket.close();
    assert.deepEqual(heard, [], 'not before it has returned');
    clock.idle();
    assert.deepEqual(heard, [
      [3, 'error'],
      [3, 'close', 1006, '', false],
    ]);
    assert.equal(info(socket).error, 'it was closed before it was open');
    assert.deepEqual([relay.allComplaints(), network.open.size, clock.pending()], [[], 0, 0]);
    for (const { target } of relay.sessions.values()) assert.ok(target.closed, 'its target is left');
  }
});

test('what comes after close was called is not heard', (t) => {
  const { clock, heard, opened } = rig(t);
  const { socket, target } = opened();
  clock.run(100);
  target.send('t', 'on its way');
  socket.close();
  clock.idle();
  assert.deepEqual(heard, [[3, 'close', 1005, '', true]]);
});

test('what is sent too late never leaves, and is buffered for ever', (t) => {
  const { clock, opened } = rig(t);
  const { socket, target } = opened();
  socket.close();
  socket.send('é');
  socket.send(new ArrayBuffer(3));
  socket.send(Uint8Array.of(1));
  socket.send(new Blob(['four']));
  assert.equal(socket.bufferedAmount, 2 + 3 + 1 + 4);
  clock.idle();
  socket.send('x');
  assert.equal(socket.bufferedAmount, 11);
  assert.deepEqual(target.messages, []);
});

test('what is sent between the end and its event never leaves, and is buffered', (t) => {
  const { clock, opened, network } = rig(t);
  const { socket, target } = opened();
  clock.run(100);
  target.close(1000, '');
  clock.until(() => network.requests.at(-1).said.frames?.length === 0); // the close was read
  assert.equal(socket.readyState, 1);
  socket.send('abc');
  assert.equal(socket.bufferedAmount, 3);
  clock.idle();
  assert.deepEqual([socket.readyState, socket.bufferedAmount, target.messages], [3, 3, []]);
});

test('what a connection has failed of is told as error, and then close', (t) => {
  const { clock, heard, opened, relay } = rig(t);
  const { socket } = opened();
  clock.run(100);
  for (const session of relay.sessions.values()) session.drop();
  clock.idle();
  assert.deepEqual(heard, [
    [3, 'error'],
    [3, 'close', 1006, '', false],
  ]);
  assert.equal(info(socket).error, 'this is no_socket');
});

test('a socket that cannot be opened has failed, and why is told', (t) => {
  const { clock, last, WebSocket, heard, watch } = rig(t);
  const socket = watch(new WebSocket('wss://target.test/'));
  clock.settle();
  last().refuses('target_denied');
  clock.idle();
  assert.deepEqual(heard, [
    [3, 'error'],
    [3, 'close', 1006, '', false],
  ]);
  assert.deepEqual(info(socket), {
    transport: null,
    gaveUp: [{ transport: 'xhr', why: 'target_denied' }],
    error: 'this is target_denied',
  });
});

test('what is sent is taken for bytes where it has some, and else for a text', (t) => {
  const { clock, opened } = rig(t);
  const { socket, target } = opened();
  const bytes = Uint8Array.of(1, 2, 3, 4).buffer;
  for (const data of [bytes, new DataView(bytes, 1, 2), new Float32Array(bytes), new Uint8ClampedArray(bytes, 3)])
    socket.send(data);
  for (const data of [null, undefined, 7, { toString: () => 'x' }, '\ud83d']) socket.send(data);
  clock.run(100);
  assert.deepEqual(target.messages, [
    Buffer.of(1, 2, 3, 4),
    Buffer.of(2, 3),
    Buffer.of(1, 2, 3, 4),
    Buffer.of(4),
    'null',
    'undefined',
    '7',
    'x',
    '\ufffd',
  ]);
});

test('arguments are those of the standard', (t) => {
  const { clock, WebSocket, opened } = rig(t);
  const { socket } = opened();
  const throws = (name, run) => assert.throws(run, { name });
  throws('TypeError', () => WebSocket('wss://a.test'));
  throws('TypeError', () => new WebSocket());
  throws('SyntaxError', () => new WebSocket('nonsense'));
  throws('SyntaxError', () => new WebSocket('wss://a.test/#x'));
  for (const protocols of ['', 'a b', ['a', 'a'], [''], ['é'], 'a,b']) {
    throws('SyntaxError', () => new WebSocket('wss://a.test', protocols));
  }
  for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000, 'x', NaN, null])
    throws('InvalidAccessError', () => socket.close(code));
  throws('SyntaxError', () => socket.close(1000, 'é'.repeat(62)));
  throws('TypeError', () => socket.send());
  throws('InvalidStateError', () => new WebSocket('wss://a.test').send('x'));
  throws('TypeError', () => WebSocket.prototype.send.call({}, 'x'));
  throws('TypeError', () => WebSocket.prototype.readyState);
  assert.equal(socket.readyState, 1, 'and nothing of it has closed it');
  socket.close(1000, 'x'.repeat(123));
  clock.idle();
  assert.equal(socket.readyState, 3);
});

test('the interface is that of the standard', (t) => {
  const { WebSocket } = rig(t);
  assert.deepEqual(
    [WebSocket.length, WebSocket.name, WebSocket.prototype.send.length, WebSocket.prototype.close.length],
    [1, 'WebSocket', 1, 0],
  );
  const socket = new WebSocket('wss://a.test');
  assert.equal(String(socket), '[object WebSocket]');
  assert.deepEqual(Object.keys(socket), []);
  for (const object of [WebSocket, WebSocket.prototype, socket]) {
    assert.deepEqual([object.CONNECTING, object.OPEN, object.CLOSING, object.CLOSED], [0, 1, 2, 3]);
  }
  assert.ok(socket instanceof EventTarget);
  assert.equal(Object.getPrototypeOf(WebSocket), EventTarget);
  class Chat extends WebSocket {
    say() {
      return 'hello';
    }
  }
  const chat = new Chat('wss://a.test');
  assert.deepEqual([chat.say(), chat instanceof WebSocket, chat.url], ['hello', true, 'wss://a.test/']);
});

test('an event handler has the place of its first, and null takes it away', (t) => {
  const { clock, opened } = rig(t);
  const { socket, target } = opened();
  const told = [];
  socket.onmessage = () => told.push('first');
  socket.addEventListener('message', () => told.push('listener'));
  const second = () => (told.push('second'), false);
  socket.onmessage = second;
  assert.equal(socket.onmessage, second);
  target.send('t', 'x');
  clock.run(100);
  socket.onmessage = 7;
  assert.equal(socket.onmessage, null);
  socket.onmessage = {};
  assert.deepEqual(socket.onmessage, {});
  target.send('t', 'x');
  clock.run(100);
  assert.deepEqual(told, ['second', 'listener', 'listener']);
});

// What polysocket has beside the class.

test('the transport in use, and those given up, are told as they change', (t) => {
  const { clock, WebSocket, last, transports } = rig(t, { options: { transports: ['websocket', 'xhr', 'jsonp'] } });
  transports.xhr.missing = () => true;
  const told = [];
  const off = on('transport', ({ socket, ...event }) => told.push(event));
  const second = [];
  const offSecond = on('transport', () => (second.push(1), offSecond()));
  const socket = new WebSocket('wss://target.test/');
  assert.deepEqual(info(socket), { transport: null, gaveUp: [], error: '' });
  clock.settle();
  last().made();
  clock.run(1);
  const gaveUp = [
    { transport: 'websocket', why: 'missing' },
    { transport: 'xhr', why: 'missing' },
  ];
  assert.deepEqual(told, [
    { transport: null, gaveUp: gaveUp.slice(0, 1), error: '' },
    { transport: null, gaveUp, error: '' },
    { transport: 'jsonp', gaveUp, error: '' },
  ]);
  assert.equal(second.length, 1, 'one that has taken itself off hears no more');
  const now = info(socket);
  now.gaveUp.length = 0;
  assert.equal(info(socket).gaveUp.length, 2, 'what is told is a copy');
  off();
  off();
  socket.close();
  new WebSocket('wss://target.test/').close();
  clock.idle();
  assert.equal(told.length, 3);
  assert.throws(() => info({}), { name: 'TypeError', message: /^polysocket: info needs a socket/ });
  assert.throws(() => on('open', () => {}), { name: 'TypeError', message: /^polysocket: there is no 'open'/ });
  assert.throws(() => on('transport', 7), { name: 'TypeError', message: /^polysocket: the listener is no function/ });
});

test('installed, it stands in for the browser’s own, which it still knows', (t) => {
  const { clock } = rig(t);
  class Native {
    constructor() {
      Native.made = this;
    }
    close() {}
  }
  withGlobals(t, { WebSocket: Native });
  const options = { router: 'https://a.test', transports: ['websocket', 'xhr'] };
  const undoFirst = install(options);
  const first = globalThis.WebSocket;
  assert.notEqual(first, Native);
  const undoSecond = install(options);
  new globalThis.WebSocket('wss://target.test/');
  clock.settle();
  assert.equal(Native.made.constructor, Native, 'and not one of ours over another');
  undoFirst();
  assert.notEqual(globalThis.WebSocket, Native, 'there is another over it');
  undoSecond();
  assert.equal(globalThis.WebSocket, first);
  undoFirst();
  assert.equal(globalThis.WebSocket, Native);
  withGlobals(t, { WebSocket: undefined });
  install(options)();
  assert.equal('WebSocket' in globalThis, false);
  assert.throws(() => install({}), TypeError);
  assert.equal('WebSocket' in globalThis, false);
});
