import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openNative } from '../../build/native.js';
import { virtualClock } from './virtual.mjs';

/** A native WebSocket in the test's hands. */
function nativeClass({ throws = false } = {}) {
  return class Native {
    static made = [];
    protocol = '';
    extensions = '';
    binaryType = 'blob';
    bufferedAmount = 0;
    onopen = null;
    onerror = null;
    onclose = null;
    onmessage = null;
    calls = [];
    constructor(...args) {
      if (throws) throw new Error('it may not');
      this.args = args;
      Native.made.push(this);
    }
    send(...args) {
      this.calls.push(['send', ...args]);
    }
    close(...args) {
      this.calls.push(['close', ...args]);
    }
  };
}

function opening({ protocols = [], ...how } = {}) {
  const clock = virtualClock();
  const Native = nativeClass(how);
  const told = [];
  const on = {
    opened: (...args) => told.push(['opened', ...args]),
    failed: (why) => told.push(['failed', why]),
  };
  const cancel = openNative(Native, 'wss://target.test/', protocols, 10_000, clock, on);
  return { clock, told, cancel, native: Native.made[0] };
}

/** A native WebSocket that is open, with its connection, and what that tells. */
function open() {
  const rig = opening();
  rig.native.onopen();
  const [[, connection]] = rig.told.splice(0);
  connection.listen({
    message: (frame) => rig.told.push(frame),
    closed: (...args) => rig.told.push(['closed', ...args]),
  });
  return { ...rig, connection };
}

test('it is made with the subprotocols, where there are any', () => {
  assert.deepEqual(opening().native.args, ['wss://target.test/']);
  assert.deepEqual(opening({ protocols: ['a', 'b'] }).native.args, ['wss://target.test/', ['a', 'b']]);
});

test('when it is open that is told, and what was agreed', () => {
  const { native, told, clock } = opening();
  native.protocol = 'chat';
  native.extensions = 'permessage-deflate';
  clock.run(120);
  native.onopen();
  assert.deepEqual([told[0][0], ...told[0].slice(2)], ['opened', 'chat', 'permessage-deflate', 120]);
  assert.equal(clock.pending(), 0, 'its time does not run out any more');
  assert.deepEqual([native.onclose, native.onerror], [null, null], 'and what ends now was not refused');
});

test('where it is closed before it is open it was refused', () => {
  // Some have an error and no close.
  for (const type of ['onerror', 'onclose']) {
    const { native, told, clock } = opening();
    native[type]({ code: 1006 });
    assert.deepEqual(told, [['failed', 'refused']]);
    assert.deepEqual([native.onerror, native.onclose, clock.pending()], [null, null, 0]);
  }
});

test('where it is not open in time it has hung, and is closed', () => {
  const { native, told, clock } = opening();
  clock.run(9999);
  assert.deepEqual(told, []);
  clock.run(1);
  assert.deepEqual(told, [['failed', 'hung']]);
  assert.deepEqual(native.calls, [['close']]);
  assert.deepEqual([native.onopen, native.onclose], [null, null], 'what becomes of it is not heard any more');
});

test('where it cannot be made it was refused, and that is told later', () => {
  const { told, clock } = opening({ throws: true });
  assert.deepEqual(told, []);
  clock.idle();
  assert.deepEqual(told, [['failed', 'refused']]);
  const cancelled = opening({ throws: true });
  cancelled.cancel();
  cancelled.clock.idle();
  assert.deepEqual(cancelled.told, []);
});

test('cancelled, it is closed and tells nothing', () => {
  const { native, told, clock, cancel } = opening();
  cancel();
  assert.deepEqual(native.calls, [['close']]);
  assert.deepEqual([native.onopen, native.onclose, clock.pending()], [null, null, 0]);
  clock.idle();
  assert.deepEqual(told, []);
});

test('messages are told as frames', () => {
  const { native, told } = open();
  assert.equal(native.binaryType, 'arraybuffer');
  native.onmessage({ data: 'text' });
  native.onmessage({ data: Uint8Array.of(1, 2).buffer });
  assert.deepEqual(told, [
    { kind: 't', data: 'text' },
    { kind: 'b', data: Uint8Array.of(1, 2) },
  ]);
});

test('its end is told, and whether this side has failed it', () => {
  const clean = open();
  clean.native.onclose({ code: 3000, reason: 'bye', wasClean: true });
  assert.deepEqual(clean.told, [['closed', 3000, 'bye', true, false, '']]);
  const broken = open();
  broken.native.onerror({});
  broken.native.onclose({ code: 1006, reason: '', wasClean: false });
  assert.deepEqual(broken.told, [['closed', 1006, '', false, true, '']]);
});

test('what is sent and closed goes on to it, and what is buffered is its own', () => {
  const { native, connection } = open();
  const bytes = Uint8Array.of(1);
  connection.send('a');
  connection.send(bytes);
  connection.close(1005, '');
  connection.close(3000, 'bye');
  assert.deepEqual(native.calls, [['send', 'a'], ['send', bytes], ['close'], ['close', 3000, 'bye']]);
  native.bufferedAmount = 42;
  assert.equal(connection.buffered(), 42);
});
