// A native WebSocket that is cut soon after it has opened goes on through the relay, and the page never notices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setGlobals, withGlobals } from './globals.mjs';
import { nativeClass } from './natives.mjs';
import { stage } from './stage.mjs';

// The module looks once at what the engine has, so it is given its channel for good.
let channel = null;
setGlobals({
  MessageChannel: class {
    port1 = {};
    port2 = { postMessage: () => channel(() => this.port1.onmessage({})) };
  },
});
const { create, info, on } = await import('../../build/index.js');
const { recall } = await import('../../build/memory.js');

const place = () => recall(['https://a.test'], 'wss://target.test/');

/** A page with sockets of ours whose native WebSockets are in the test's hands. */
function page(t, options) {
  const set = stage(t);
  channel = (run) => set.clock.after(0, run);
  const Native = nativeClass(set.clock);
  withGlobals(t, {
    fetch: set.globals.fetch,
    localStorage: set.globals.localStorage,
    navigator: { onLine: true },
    FileReader: fileReader(set.clock),
    WebSocket: Native,
  });
  const WebSocket = create({ router: 'https://a.test', transports: ['websocket', 'xhr', 'jsonp'], ...options });
  const native = () => Native.made[Native.made.length - 1];
  /** A socket, and all that it fires. */
  const open = (protocols) => {
    const socket = new WebSocket('wss://target.test/x', protocols);
    const heard = [];
    for (const type of ['open', 'message', 'error', 'close']) {
      socket.addEventListener(type, (e) => {
        const what = { open: [], message: [e.data], error: [], close: [e.code, e.reason, e.wasClean] }[type];
        heard.push([socket.readyState, type, ...what]);
      });
    }
    return { socket, heard, gaveUp: () => info(socket).gaveUp.map(({ transport, why }) => `${transport} ${why}`) };
  };
  /** One that is open natively. */
  const opened = (protocols, protocol) => {
    const one = open(protocols);
    set.clock.run(20);
    native().opens(protocol);
    set.clock.run(1);
    assert.deepEqual(one.heard.splice(0), [[1, 'open']]);
    return one;
  };
  const tidy = () => {
    set.clock.idle();
    assert.deepEqual([set.relay.allComplaints(), set.network.open.size, set.clock.pending()], [[], 0, 0]);
    for (const one of Native.made) assert.equal(one.live, false, 'a native socket is left');
    for (const { target } of set.relay.sessions.values()) assert.ok(target.answered, 'a relayed socket is left');
  };
  return { ...set, natives: Native.made, native, open, opened, tidy };
}

/** It reads a Blob within 3 ms. */
function fileReader(clock) {
  return class {
    readAsArrayBuffer(blob) {
      blob.arrayBuffer().then((buffer) => {
        this.result = buffer;
        clock.after(3, () => this.onload());
      });
    }
  };
}

test('killed before anything went either way it goes on through the relay, and no event tells', (t) => {
  const { clock, native, opened, creates, last, tidy } = page(t);
  const events = [];
  t.after(on('transport', ({ transport, gaveUp }) => events.push([transport, gaveUp.length])));
  const { socket, heard, gaveUp } = opened();
  clock.run(300);
  native().dies();
  assert.deepEqual([socket.readyState, creates.length, gaveUp()], [1, 1, ['websocket killed']]);
  const target = last().made();
  clock.run(1);
  assert.deepEqual([heard, socket.readyState, info(socket).transport], [[], 1, 'xhr']);
  assert.deepEqual(events, [
    ['websocket', 0],
    ['websocket', 1],
    ['xhr', 1],
  ]);
  target.send('t', 'down');
  socket.send('up');
  clock.run(100);
  socket.close(3000, 'bye');
  tidy();
  assert.deepEqual(target.messages, ['up']);
  assert.deepEqual(heard, [
    [1, 'message', 'down'],
    [3, 'close', 3000, 'bye', true],
  ]);
  assert.equal(info(socket).error, '');
});

test('it is remembered when the relay has opened, and the next socket goes through it at once', (t) => {
  const { clock, native, natives, opened, open, creates, last } = page(t);
  opened();
  native().dies();
  assert.equal(place().blocked('websocket'), '');
  last().made();
  clock.run(1);
  assert.equal(place().blocked('websocket'), 'killed');
  const next = open();
  clock.settle();
  assert.deepEqual([natives.length, creates.length, next.gaveUp()], [1, 2, ['websocket killed']]);
});

test('what the page sends meanwhile is kept in its order, as it was then, and counts', async (t) => {
  const { clock, native, opened, last, tidy } = page(t);
  const { socket, heard } = opened();
  native().dies();
  const bytes = Uint8Array.of(1, 2, 3, 4);
  socket.send('é');
  socket.send(bytes.subarray(1, 3));
  socket.send(new Blob(['blob']));
  socket.send(bytes.buffer);
  socket.send('last');
  bytes.fill(9);
  assert.equal(socket.bufferedAmount, 2 + 2 + 4 + 4 + 4);
  const target = last().made();
  clock.run(1);
  assert.equal(socket.bufferedAmount, 16);
  socket.send('after');
  await new Promise(setImmediate); // the Blob is read
  clock.run(200);
  assert.deepEqual(target.messages, [
    'é',
    Buffer.of(2, 3),
    Buffer.from('blob'),
    Buffer.of(1, 2, 3, 4),
    'last',
    'after',
  ]);
  assert.equal(socket.bufferedAmount, 0);
  socket.close();
  tidy();
  assert.deepEqual(heard, [[3, 'close', 1005, '', true]]);
});

test('a close meanwhile is carried out, behind what was sent', (t) => {
  const { clock, native, opened, last, tidy } = page(t);
  const { socket, heard } = opened();
  native().dies();
  socket.send('one');
  socket.close(3000, 'bye');
  socket.send('too late');
  assert.deepEqual([socket.readyState, socket.bufferedAmount], [2, 3 + 8]);
  const target = last().made();
  clock.run(1);
  tidy();
  assert.deepEqual([target.messages, target.closed], [['one'], { code: 3000, reason: 'bye' }]);
  assert.deepEqual(heard, [[3, 'close', 3000, 'bye', true]]);
  assert.equal(socket.bufferedAmount, 8);
});

test('where the relay fails the page gets its native close as it was, and why in info', (t) => {
  for (const closing of [false, true]) {
    const { clock, native, opened, last, tidy } = page(t);
    const { socket, heard, gaveUp } = opened();
    native().dies();
    socket.send('kept');
    if (closing) socket.close(3000);
    last().refuses('origin_denied');
    tidy();
    assert.deepEqual(heard, [
      [3, 'error'],
      [3, 'close', 1006, '', false],
    ]);
    assert.deepEqual(gaveUp(), ['websocket killed', 'xhr origin_denied']);
    assert.deepEqual([info(socket).error, info(socket).transport], ['this is origin_denied', 'websocket']);
    assert.equal(socket.bufferedAmount, 4, 'it never leaves');
    assert.equal(place().blocked('websocket'), '');
    clock.idle();
  }
});

test('the subprotocol has to be the one that was told', (t) => {
  for (const [protocols, told, other, same] of [
    [['a', 'b'], 'b', 'a', false],
    [['a', 'b'], 'b', '', false],
    [['a', 'b'], 'b', 'b', true],
    [[], '', 'x', false],
    [[], '', '', true],
  ]) {
    const { clock, native, opened, last, tidy } = page(t);
    const { socket, heard } = opened(protocols, told);
    native().dies();
    assert.equal(last().said.protocols, protocols.length ? 'a,b' : undefined, 'what was offered is offered again');
    const target = last().made(other);
    clock.run(100);
    assert.equal(socket.protocol, told);
    if (same) {
      assert.deepEqual(heard, []);
      socket.close();
    } else {
      assert.deepEqual(heard.at(-1), [3, 'close', 1006, '', false]);
      assert.deepEqual(target.closed, { code: 1000, reason: '' });
      assert.match(info(socket).error, /subprotocol/);
      assert.equal(place().blocked('websocket'), '');
    }
    tidy();
  }
});

/** What ends as it ends natively: nothing is asked of a relay. */
function stays({ creates, tidy }, { heard }, end) {
  tidy();
  assert.deepEqual([creates.length, heard.filter(([, type]) => type === 'close')], [0, [end]]);
}
const broken = [3, 'close', 1006, '', false];

test('it is killed within 10 s of opening; what is cut later was idle', (t) => {
  for (const [after, killed] of [
    [9899, true],
    [9998, true],
    [9999, false],
    [10_099, false],
  ]) {
    const rig = page(t);
    const one = rig.opened(); // 1 ms ago
    rig.clock.run(after);
    rig.native().dies();
    assert.equal(rig.creates.length, killed ? 1 : 0, `${after} ms`);
    if (killed) rig.last().refuses('target_denied');
    else stays(rig, one, broken);
  }
});

test('what has received anything ends as it is', (t) => {
  const rig = page(t);
  const one = rig.opened();
  rig.native().says('hello');
  rig.native().dies();
  stays(rig, one, broken);
  assert.deepEqual([one.heard[0], one.gaveUp(), place().blocked('websocket')], [[1, 'message', 'hello'], [], '']);
});

test('what the target closes ends as it is', (t) => {
  for (const code of [1000, 1001, 1011, 1005]) {
    const rig = page(t);
    const one = rig.opened();
    rig.native().ends(code, '');
    stays(rig, one, [3, 'close', code, '', true]);
    assert.equal(place().blocked('websocket'), '');
  }
});

test('killed while the page closes it, it ends as it is', (t) => {
  const rig = page(t);
  const one = rig.opened();
  one.socket.close(3000);
  rig.native().dies();
  stays(rig, one, broken);
  assert.deepEqual([one.gaveUp(), place().blocked('websocket')], [[], '']);
});

test('what is cut when the network has gone ends as it is', (t) => {
  for (const send of [false, true]) {
    const rig = page(t);
    const one = rig.opened();
    if (send) one.socket.send('x');
    withGlobals(t, { navigator: { onLine: false } });
    rig.native().dies();
    stays(rig, one, broken);
    assert.deepEqual([one.gaveUp(), place().blocked('websocket')], [[], '']);
  }
});

test('killed when the page had sent, it ends as it is, and the next goes through the relay at once', (t) => {
  const rig = page(t);
  const one = rig.opened();
  one.socket.send('acted on, maybe');
  rig.native().dies();
  stays(rig, one, broken);
  assert.deepEqual([one.gaveUp(), place().blocked('websocket')], [['websocket killed'], 'killed']);
  const next = rig.open();
  rig.clock.settle();
  rig.last().made();
  rig.clock.run(1);
  assert.deepEqual([rig.natives.length, next.gaveUp(), next.heard], [1, ['websocket killed'], [[1, 'open']]]);
});

test('where there is no relay to go through it ends as it is, and nothing is remembered', (t) => {
  for (const send of [false, true]) {
    const rig = page(t, { transports: ['websocket'] });
    const one = rig.opened();
    if (send) one.socket.send('x');
    rig.native().dies();
    stays(rig, one, broken);
    assert.deepEqual([one.gaveUp(), place().blocked('websocket')], [[], '']);
  }
});

test('where what goes through the relay dies in the same way it was the target', (t) => {
  const ways = {
    'the one that was revived': (rig) => {
      rig.opened();
      rig.native().dies();
    },
    'the next one': (rig) => {
      const one = rig.opened();
      one.socket.send('x');
      rig.native().dies();
      rig.clock.run(1);
      rig.open();
      rig.clock.settle();
    },
  };
  for (const [name, kill] of Object.entries(ways)) {
    for (const [after, happens, blocked] of [
      [100, (target) => target.close(1006, ''), ''],
      [9900, (target) => target.close(1006, ''), ''],
      [10_100, (target) => target.close(1006, ''), 'killed'],
      [100, (target) => target.close(1000, ''), 'killed'],
      [100, (target) => (target.send('t', 'x'), target.close(1006, '')), 'killed'],
    ]) {
      const rig = page(t);
      kill(rig);
      const target = rig.last().made();
      rig.clock.run(1);
      assert.equal(place().blocked('websocket'), 'killed');
      rig.clock.run(after);
      happens(target);
      rig.tidy();
      rig.clock.run(1);
      assert.equal(place().blocked('websocket'), blocked, `${name}, after ${after} ms`);
    }
  }
});

test('a close of the page’s that breaks says nothing of the target', (t) => {
  const rig = page(t);
  const { socket } = rig.opened();
  rig.native().dies();
  const target = rig.last().made();
  rig.clock.run(1);
  target.answer = () => ({ code: 1006, reason: '' });
  socket.close();
  rig.tidy();
  assert.equal(place().blocked('websocket'), 'killed');
});

test('a revived socket asks with a new nonce: the old one may stand for a socket that has lost', (t) => {
  const { clock, native, open, creates, last, tidy } = page(t);
  const { socket, heard } = open();
  clock.run(300);
  native().opens();
  last().made();
  clock.run(50);
  native().dies();
  assert.equal(creates.length, 2);
  assert.notEqual(creates[0].said.nonce, creates[1].said.nonce);
  const target = last().made();
  clock.run(1);
  socket.send('x');
  clock.run(100);
  assert.deepEqual([target.messages, heard], [['x'], [[1, 'open']]]);
  socket.close();
  tidy();
});

test('what was given up before stands once, and not at all when it is used', (t) => {
  const { clock, native, open, last, transports, tidy } = page(t);
  transports.jsonp.missing = () => true;
  const { socket, gaveUp } = open();
  clock.run(250);
  last().answer(0, null, true);
  clock.run(1);
  assert.deepEqual(gaveUp(), ['xhr hung', 'jsonp missing']);
  native().opens();
  clock.run(1);
  native().dies();
  assert.deepEqual(gaveUp(), ['xhr hung', 'jsonp missing', 'websocket killed']);
  last().made();
  clock.run(1);
  assert.deepEqual([info(socket).transport, gaveUp()], ['xhr', ['jsonp missing', 'websocket killed']]);
  socket.close();
  tidy();
});

test('closed by a listener that hears of it, it is closed through the relay', (t) => {
  const { clock, native, opened, last, tidy } = page(t);
  const { socket, heard } = opened();
  t.after(on('transport', ({ gaveUp }) => gaveUp.length && socket.close(3000)));
  native().dies();
  const target = last().made();
  clock.run(1);
  tidy();
  assert.deepEqual([heard, target.closed.code], [[[3, 'close', 3000, '', true]], 3000]);
});

test('killed before the page has heard that it is open, it is open all the same', (t) => {
  const { clock, native, open, last, tidy } = page(t);
  const { socket, heard } = open();
  clock.run(20);
  native().opens();
  native().dies();
  socket.onopen = () => socket.send('hello');
  clock.run(100);
  assert.deepEqual([heard, socket.bufferedAmount], [[[1, 'open']], 5]);
  const target = last().made();
  clock.run(100);
  assert.deepEqual(target.messages, ['hello']);
  socket.close();
  tidy();
});

test('closed before the page has heard that it is open, and killed, it has failed', (t) => {
  const { clock, native, open, tidy, creates } = page(t);
  const { socket, heard } = open();
  clock.run(20);
  native().opens();
  socket.close();
  native().dies();
  clock.run(100);
  assert.deepEqual(heard, [
    [3, 'error'],
    [3, 'close', 1006, '', false],
  ]);
  tidy();
  assert.deepEqual([creates.length, place().blocked('websocket')], [0, '']);
});
