import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Names } from '../../build/names.js';
import { relayed } from '../../build/relayed.js';
import { Slots } from '../../build/slots.js';
import { newPage } from './beacons.mjs';
import { setGlobals, withGlobals } from './globals.mjs';
import { virtualClock } from './virtual.mjs';
import { handDown, handUp } from './ways.mjs';

// The page's pagehide is listened to once, by all connections of the module.
const page = { hide: () => {} };
const listened = [];
setGlobals({
  onpagehide: null,
  addEventListener: (type, run, capture) => {
    listened.push([type, capture]);
    page.hide = run;
  },
});

/** A FileReader that has read when the test says so. */
class HandReader {
  static all = [];
  result = null;
  readAsArrayBuffer(blob) {
    this.blob = blob;
    HandReader.all.push(this);
  }
  reads(...bytes) {
    this.result = Uint8Array.from(bytes).buffer;
    this.onload();
  }
}

/** A connection whose requests are in the test's hands, and what it tells. */
function connect(t) {
  const clock = virtualClock();
  const [up, down] = [handUp(), handDown()];
  const told = [];
  const beacons = [];
  HandReader.all = [];
  newPage();
  t.after(() => page.hide());
  withGlobals(t, {
    FileReader: HandReader,
    fetch: (url, init) => {
      beacons.push({ url, body: init.body && Buffer.from(init.body) });
      return Promise.resolve();
    },
  });
  const slots = new Slots(clock);
  const connection = relayed({
    at: up.at,
    up,
    downs: [{ name: 'xhr', down }],
    path: { proven: false },
    exchange: () => () => {},
    names: new Names(clock),
    slots,
    clock,
    alive: () => () => {},
    stepped: () => {},
  });
  connection.listen({
    message: (frame) => told.push(frame.data),
    closed: (...args) => told.push(['closed', ...args]),
  });
  const send = (...all) => {
    for (const data of all) connection.send(data);
    clock.settle();
  };
  const sent = () => up.sent.flatMap(({ parts }) => parts.map(({ kind, data }) => (kind === 'b' ? [...data] : data)));
  return { clock, up, down, told, beacons, connection, send, sent, slots, readers: HandReader.all };
}

test('it does not read before it is listened to', (t) => {
  const clock = virtualClock();
  const down = handDown();
  const connection = relayed({
    at: {},
    up: handUp(),
    downs: [{ name: 'xhr', down }],
    path: { proven: false },
    names: new Names(clock),
    slots: new Slots(clock),
    clock,
  });
  clock.idle();
  assert.equal(down.reads.length, 0);
  connection.listen({ message() {}, closed() {} });
  assert.equal(down.reads.length, 1);
});

test('what comes is told, and the end once', (t) => {
  const { down, told } = connect(t);
  down.last().gives(1, 'a', { kind: 'b', data: Uint8Array.of(1) });
  down.last().gives(3, { kind: 'c', code: 3000, data: 'bye', wasClean: true });
  assert.deepEqual(told, ['a', Uint8Array.of(1), ['closed', 3000, 'bye', true, false, '']]);
});

test('a 1006 has no reason; the one that the relay gives is a sentence that says what has failed', (t) => {
  const failed = connect(t);
  failed.down.last().gives(1, { kind: 'c', code: 1006, data: 'the target sent a reserved bit', wasClean: false });
  assert.deepEqual(failed.told, [['closed', 1006, '', false, true, 'the target sent a reserved bit']]);
  const broken = connect(t);
  broken.down.last().gives(1, { kind: 'c', code: 1006, data: '', wasClean: false });
  assert.deepEqual(broken.told, [['closed', 1006, '', false, false, '']]);
});

test('what fails is told as 1006, with a sentence', (t) => {
  const { down, told } = connect(t);
  down.last().answer(403, { ok: false, code: 'no_socket', error: 'no such socket' });
  assert.deepEqual(told, [['closed', 1006, '', false, true, 'no such socket']]);
});

test('buffers are taken as they are when they are sent', (t) => {
  const { send, sent, connection } = connect(t);
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const data = [
    bytes,
    bytes.buffer,
    bytes.subarray(2, 4),
    new DataView(bytes.buffer, 1, 2),
    new Uint16Array(bytes.buffer, 2, 1),
  ];
  for (const d of data) connection.send(d);
  bytes.fill(9);
  send();
  assert.deepEqual(sent(), [
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3, 4, 5, 6],
    [3, 4],
    [2, 3],
    [3, 4],
  ]);
  assert.equal(connection.buffered(), 6 + 6 + 2 + 2 + 2);
});

test('the close goes behind all that was sent', (t) => {
  const { send, sent, connection, up } = connect(t);
  connection.send('a');
  connection.close(3000, 'bye');
  send();
  assert.deepEqual(sent(), ['a', 'bye']);
  assert.equal(up.sent[0].parts[1].code, 3000);
});

test('a Blob is read first, and what comes after it waits: messages and the close', (t) => {
  const { send, sent, connection, clock, readers } = connect(t);
  send('a', new Blob(['xy']), 'b', new Blob(['z']), 'c');
  connection.close(1000, 'bye');
  clock.settle();
  assert.deepEqual(sent(), ['a']);
  readers[1].reads(30);
  clock.settle();
  assert.deepEqual(sent(), ['a'], 'the second is there before the first');
  readers[0].reads(10, 20);
  clock.settle();
  assert.deepEqual(sent(), ['a', [10, 20], 'b', [30], 'c', 'bye']);
});

test('what was sent behind Blobs that have been read goes at once', (t) => {
  const { send, sent, readers } = connect(t);
  send(new Blob(['x']));
  readers[0].reads(1);
  send('a');
  assert.deepEqual(sent(), [[1], 'a']);
});

test('what waits for a Blob is buffered, every byte of it, and no more when it goes', (t) => {
  const { send, connection, readers, up } = connect(t);
  send(new Blob(['xyz']));
  assert.equal(connection.buffered(), 3);
  send(Uint8Array.of(1, 2));
  assert.equal(connection.buffered(), 5);
  send('é€');
  assert.equal(connection.buffered(), 10, 'a text counts its UTF-8');
  connection.close(1000, 'bye');
  assert.equal(connection.buffered(), 10);
  readers[0].reads(1, 2, 3);
  assert.equal(connection.buffered(), 10);
  send();
  up.sent[0].passed(4);
  assert.equal(connection.buffered(), 0);
});

test('a Blob that cannot be read fails the connection, and closes the target', (t) => {
  const { send, told, beacons, readers, clock, slots } = connect(t);
  send('a', new Blob(['x']), 'b');
  readers[0].onerror();
  assert.deepEqual(told, [['closed', 1006, '', false, true, 'a Blob that was sent could not be read']]);
  assert.equal(beacons.length, 1);
  clock.idle();
  assert.deepEqual(slots.hosts, {});
});

test('a Blob that has been read after the end is not sent, and its bytes never leave', (t) => {
  const { send, sent, down, told, connection, readers, clock } = connect(t);
  send(new Blob(['xyz']), 'b');
  down.last().gives(1, { kind: 'c', code: 1000, data: '', wasClean: true });
  const before = connection.buffered();
  readers[0].reads(1, 2, 3);
  clock.idle();
  assert.deepEqual(sent(), []);
  assert.equal(told.length, 1);
  assert.equal(connection.buffered(), before);
});

test('a Blob that cannot be read after the end changes nothing', (t) => {
  const { send, down, told, readers, beacons } = connect(t);
  send(new Blob(['x']), new Blob(['y']));
  down.last().gives(1, { kind: 'c', code: 1000, data: '', wasClean: true });
  for (const reader of readers) reader.onerror();
  assert.deepEqual([told.length, beacons.length], [1, 0]);
});

test('where there are no Blobs a buffer is none', (t) => {
  const { send, sent } = connect(t);
  withGlobals(t, { Blob: undefined });
  send(Uint8Array.of(1));
  assert.deepEqual(sent(), [[1]]);
});

test('a page that goes away closes it, and finds it closed should it come back', (t) => {
  const { send, told, beacons, clock, connection, up, down } = connect(t);
  send('a');
  page.hide();
  assert.equal(beacons.length, 1);
  assert.match(beacons[0].url, /^https:\/\/relay\.test\/s\/socket1\?t=f&n=1&a=0$/);
  assert.deepEqual([...beacons[0].body], [0x81, 1, 97, 0x88, 2, 1001 >> 8, 1001 & 255]);
  assert.deepEqual(told, [], 'nothing of the page runs meanwhile');
  assert.deepEqual([up.sent[0].cancelled, down.last().cancelled], [true, true]);
  clock.idle();
  assert.deepEqual(told, [['closed', 1006, '', false, true, 'the page was left']]);
  page.hide();
  assert.equal(beacons.length, 1);
  assert.equal(connection.buffered(), 1);
});

test('one that has ended has nothing to do with pages that go away', (t) => {
  const { down, beacons, clock, told } = connect(t);
  down.last().gives(1, { kind: 'c', code: 1000, data: '', wasClean: true });
  clock.settle();
  page.hide();
  assert.deepEqual([beacons.length, told.length, clock.pending()], [0, 1, 0]);
});

test('pages are listened to once', () => {
  assert.deepEqual(listened, [['pagehide', false]]);
});
