import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reader } from '../../build/reader.js';
import { poll } from '../../build/transport/poll.js';
import { virtualClock } from './virtual.mjs';
import { handDown } from './ways.mjs';

/** A reader whose requests are in the test's hands, and what it tells. */
function readerOf({ clock = virtualClock(), down = handDown(), onframe = () => {} } = {}) {
  const told = [];
  const frames = [];
  const reader = new Reader({
    at: { relay: 'https://relay.test', socket: 'socket1' },
    ways: [{ name: 'xhr', down }],
    path: { proven: false },
    clock,
    knows: () => true,
    roundTrip: () => 0,
    on: {
      owes: (bytes) => told.push(['owes', bytes]),
      acknowledges() {},
      stepped: (...args) => told.push(['stepped', ...args]),
      frame(frame) {
        frames.push(frame.kind === 'c' ? [frame.code, frame.data] : frame.data);
        onframe(frame, reader);
      },
      told() {},
      failing: (failures) => told.push(['failing', failures]),
      lost: (error, gone) => told.push(['lost', error, !!gone]),
    },
  });
  reader.start();
  return { clock, down, reader, told, frames };
}

test('it reads from the beginning, and lets the relay wait for no longer than the protocol says', () => {
  const { down } = readerOf();
  assert.equal(down.reads.length, 1);
  assert.equal(down.last().ack, 0);
  assert.ok(down.last().ttl > 5000 && down.last().ttl <= 25_000);
});

test('what comes is told in its order, and acknowledged by the next read at once', () => {
  const { down, frames, clock, told, reader } = readerOf();
  down.last().gives(1, 'a', 'b');
  assert.deepEqual([down.reads.length, down.last().ack], [2, 2]);
  down.last().gives(3, { kind: 'b', data: Uint8Array.of(7) }, 'c');
  assert.deepEqual([down.reads.length, down.last().ack, reader.ack], [3, 4, 4]);
  assert.deepEqual(frames, ['a', 'b', Uint8Array.of(7), 'c']);
  assert.deepEqual([told, clock.pending()], [[], 0]);
});

test('an acknowledgement that counts a message counts it while it is told', () => {
  const acks = [];
  const { down } = readerOf({ onframe: (_, reader) => acks.push(reader.ack) });
  down.last().gives(1, 'a', 'b', 'c');
  assert.deepEqual(acks, [1, 2, 3]);
});

test('what comes again, because its acknowledgement was lost, is dropped', () => {
  const { down, frames } = readerOf();
  down.last().gives(1, 'a', 'b');
  down.last().answer(0);
  down.reads[1].brings(1, [
    { kind: 't', data: 'a' },
    { kind: 't', data: 'b' },
    { kind: 't', data: 'c' },
  ]);
  assert.deepEqual(frames, ['a', 'b', 'c']);
});

test('a message that is missing is the end: it will never come', () => {
  const { down, frames, told, reader } = readerOf();
  down.last().gives(1, 'a');
  down.last().brings(3, [{ kind: 't', data: 'c' }]);
  assert.deepEqual(frames, ['a']);
  assert.deepEqual(told, [['lost', 'message 2 is missing: the next is 3', false]]);
  assert.equal(reader.ack, 1);
});

test('nothing follows the close, and nothing is read after it', () => {
  const { down, frames, clock, reader } = readerOf();
  down.last().gives(1, 'a', { kind: 'c', code: 1000, data: 'bye', wasClean: true }, 'b');
  assert.deepEqual(frames, ['a', [1000, 'bye']]);
  assert.equal(reader.ack, 2);
  clock.idle();
  assert.equal(down.reads.length, 1);
});

test('one that is ended while it tells stops telling, and reads no more', () => {
  const { down, frames, clock } = readerOf({ onframe: (_, reader) => reader.end() });
  down.last().gives(1, 'a', 'b');
  clock.idle();
  assert.deepEqual([frames, down.reads.length], [['a'], 1]);
});

test('heartbeats lead to the next read at once', () => {
  const { down, clock, told } = readerOf();
  for (let i = 1; i <= 3; i++) {
    clock.run(down.last().ttl);
    down.last().gives(1);
    assert.equal(down.reads.length, i + 1);
  }
  assert.deepEqual(told, []);
});

test('empty answers that come at once do not make it spin', () => {
  for (const brings of [true, false]) {
    const { down, clock, told } = readerOf();
    const from = clock.now();
    for (let i = 0; i < 20; i++) {
      if (brings) down.last().gives(1);
      else down.last().answer(200, { ok: true });
      clock.until(() => !down.last().over);
    }
    assert.ok(clock.now() - from >= 20 * 50, `20 reads in ${clock.now() - from} ms`);
    assert.deepEqual(told, []);
  }
});

test('nor does an answer that somebody on the way gives again and again', () => {
  const { down, clock, frames } = readerOf();
  down.last().gives(1, 'a');
  const from = clock.now();
  for (let i = 0; i < 20; i++) {
    down.last().gives(1, 'a');
    clock.until(() => !down.last().over);
  }
  assert.ok(clock.now() - from >= 20 * 50, `20 reads in ${clock.now() - from} ms`);
  assert.deepEqual(frames, ['a']);
});

test('nor do the empty answers of a relay, read as they are written', () => {
  const clock = virtualClock();
  let reads = 0;
  const down = poll((_, done) => {
    reads++;
    return clock.after(2, () => done({ status: 200, body: { ok: true, seq: 1, messages: [] } }));
  });
  const { reader } = readerOf({ clock, down });
  clock.run(1000);
  assert.ok(reads <= 20, `${reads} reads in a second`);
  reader.end();
});

test('after a failure it waits, longer and longer, and what goes well begins it again', () => {
  const { down, clock, told } = readerOf();
  for (const [i, most] of [100, 200, 400, 800, 1600, 3200, 5000, 5000].entries()) {
    const from = clock.now();
    down.last().answer(i % 2 ? 502 : 0);
    clock.until(() => !down.last().over);
    const waited = clock.now() - from;
    assert.ok(waited >= most / 4 && waited <= most, `${waited} of ${most}`);
    assert.deepEqual(told.at(-1), ['failing', i + 1]);
  }
  down.last().gives(1, 'a');
  const from = clock.now();
  down.last().answer(0);
  clock.until(() => !down.last().over);
  assert.ok(clock.now() - from <= 100);
  assert.deepEqual(told.at(-1), ['failing', 1]);
});

test('it gives up when reads have failed for 30 s, and tells why', () => {
  const { down, clock, told } = readerOf();
  const from = clock.now();
  while (told.at(-1)?.[0] !== 'lost') {
    assert.ok(clock.now() - from < 60_000, 'it never gives up');
    down.last().answer(0, null, true);
    if (clock.pending()) clock.until(() => !down.last().over);
  }
  const took = clock.now() - from;
  assert.ok(took > 30_000 && took <= 35_000, `${took} ms`);
  assert.deepEqual(told.at(-1), ['lost', 'reading failed for too long: no answer came in time', false]);
});

test('reads that are cut early become shorter, down to 1 s, and longer again when they are not', () => {
  const { down, clock } = readerOf();
  const cut = (after) => {
    clock.run(after);
    down.last().answer(0);
    clock.until(() => !down.last().over);
    return down.last().ttl;
  };
  const first = down.last().ttl;
  assert.equal(cut(1000), first, 'not those that fail for another reason');
  assert.equal(cut(16_000), 8000);
  assert.equal(cut(5000), 2500, 'half of what they had');
  assert.equal(cut(2500), 1250);
  assert.equal(cut(1250), 1000);
  assert.equal(cut(1250), 1000);
  clock.run(900);
  down.last().gives(1, 'a');
  assert.equal(down.last().ttl, 1000, 'it has not waited for all of it');
  for (let i = 0; i < 100; i++) {
    const before = down.last().ttl;
    clock.run(before);
    down.last().gives(2);
    assert.ok(down.last().ttl >= before && down.last().ttl <= before * 1.1 + 1);
  }
  assert.equal(down.last().ttl, first);
});

test('no_socket is the end, and nobody holds the socket any more', () => {
  const { down, clock, told } = readerOf();
  down.last().answer(403, { ok: false, code: 'no_socket', error: 'no such socket' });
  assert.deepEqual(told, [['lost', 'no such socket', true]]);
  assert.equal(clock.pending(), 0);
});

test('bad_request is the end, and the socket is there still', () => {
  const { down, clock, told } = readerOf();
  down.last().answer(400, { ok: false, code: 'bad_request', error: 'a is no number' });
  assert.deepEqual(told, [['lost', 'a is no number', false]]);
  assert.equal(clock.pending(), 0);
});

test('its end takes back the read, or the wait for the next', () => {
  const reading = readerOf();
  reading.reader.end();
  assert.equal(reading.down.last().cancelled, true);
  const waiting = readerOf();
  waiting.down.last().answer(0);
  waiting.reader.end();
  assert.equal(waiting.clock.pending(), 0);
  waiting.clock.idle();
  assert.equal(waiting.down.reads.length, 1);
});
