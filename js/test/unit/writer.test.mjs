import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from '../../build/slots.js';
import { Writer } from '../../build/writer.js';
import { virtualClock } from './virtual.mjs';
import { handUp } from './ways.mjs';

/** A writer whose requests are in the test's hands, and what it tells. */
function writerOf({ clock = virtualClock(), slots = new Slots(clock), ...shape } = {}) {
  const way = handUp(shape);
  const told = [];
  const tell = (what) => (arg) => {
    told.push(arg === undefined ? [what] : [what, arg]);
  };
  const rig = { clock, slots, way, told, acked: 0, owes: false, acks: [] };
  rig.writer = new Writer({
    at: way.at,
    up: way,
    slots,
    clock,
    exchange: ({ params }, done) => {
      rig.acks.push({ params, answer: (status, body) => done({ status, body }) });
      return () => {};
    },
    ack: () => {
      rig.owes = false;
      return rig.acked;
    },
    owes: () => rig.owes,
    on: { took() {}, told() {}, failing: tell('failing'), lost: tell('lost'), tooLarge: tell('tooLarge') },
  });
  rig.send = (...texts) => {
    for (const data of texts) rig.writer.send({ kind: 't', data });
    clock.settle();
  };
  rig.buffered = () => rig.writer.outbox.buffered;
  return rig;
}

const failures = {
  'no answer': [0],
  'a page of a proxy': [502],
  'a page of a proxy that says it is fine': [200, { ok: true }],
  'a 201 that does not say how far': [201, { ok: true }],
  out_of_window: [409, { ok: false, code: 'out_of_window', error: 'n=1 is outside the window' }],
  busy: [503, { ok: false, code: 'busy', error: 'the target does not keep up' }],
  internal: [500, { ok: false, code: 'internal', error: 'a fault of its own' }],
};

test('what the page sends in one go goes in one request, and in the next what came meanwhile', () => {
  const { way, send, writer, clock } = writerOf();
  send('a', 'b', 'c');
  assert.deepEqual(
    way.sent.map((r) => r.numbers),
    [[1, 2, 3]],
  );
  writer.send({ kind: 't', data: 'd' });
  assert.equal(way.sent.length, 1, 'not before the page has done');
  writer.send({ kind: 't', data: 'e' });
  clock.settle();
  send('f');
  assert.deepEqual(
    way.sent.map((r) => r.numbers),
    [
      [1, 2, 3],
      [4, 5],
    ],
    'and there are two at a time',
  );
  way.sent[0].passed(3);
  assert.deepEqual(way.sent[2].numbers, [6]);
});

test('each request acknowledges what was read', () => {
  const rig = writerOf();
  rig.acked = 7;
  rig.send('a');
  rig.acked = 9;
  rig.send('b');
  assert.deepEqual(
    rig.way.sent.map((r) => r.ack),
    [7, 9],
  );
});

test('what the relay has not passed on when it answers goes again at once', () => {
  const { way, send, clock, told, buffered } = writerOf();
  send('a', 'bb', 'ccc');
  way.sent[0].passed(1);
  assert.equal(buffered(), 5);
  clock.settle();
  assert.deepEqual(way.sent[1].numbers, [2, 3]);
  way.sent[1].passed(3);
  clock.idle();
  assert.deepEqual([way.sent.length, buffered(), told], [2, 0, []]);
});

for (const [name, answer] of Object.entries(failures)) {
  test(`after ${name} it waits, and sends again`, () => {
    const { way, send, clock, told, buffered } = writerOf();
    send('abc');
    way.sent[0].answer(...answer);
    assert.deepEqual(told, [['failing', 1]]);
    clock.run(24);
    assert.equal(way.sent.length, 1);
    clock.run(76);
    assert.equal(way.sent.length, 2);
    assert.deepEqual(way.sent[1].numbers, [1]);
    assert.equal(buffered(), 3);
    way.sent[1].passed(1);
    clock.idle();
    assert.deepEqual([way.sent.length, buffered()], [2, 0]);
  });
}

test('waits grow while it fails, and begin again when it has gone well', () => {
  const { way, send, clock, told } = writerOf();
  send('a');
  const wait = (request) => {
    const count = way.sent.length;
    const from = clock.now();
    request.answer(0);
    clock.until(() => way.sent.length > count);
    return clock.now() - from;
  };
  const most = [100, 200, 400, 800, 1600, 3200, 5000, 5000];
  for (const [i, m] of most.entries()) {
    const waited = wait(way.sent.at(-1));
    assert.ok(waited >= m / 4 && waited <= m, `${waited} of ${m}`);
    assert.deepEqual(told.at(-1), ['failing', i + 1]);
  }
  way.sent.at(-1).passed(1);
  send('b');
  assert.ok(wait(way.sent.at(-1)) <= 100);
  assert.deepEqual(told.at(-1), ['failing', 1]);
});

test('while it waits nothing is sent, whatever the page sends, and afterwards all', () => {
  const { way, send, clock } = writerOf();
  send('a');
  way.sent[0].answer(0);
  send('b');
  assert.equal(way.sent.length, 1);
  clock.run(100);
  assert.deepEqual(way.sent[1].numbers, [1, 2]);
});

test('nothing is sent before the wait is over, also where a slot was waited for', () => {
  const { way, send, clock } = writerOf({ many: false });
  send('a', 'b', 'c', 'd');
  assert.equal(way.open().length, 2);
  way.sent[0].answer(0);
  way.sent[1].answer(0);
  clock.settle();
  assert.deepEqual(
    way.sent.map((r) => r.numbers[0]),
    [1, 2],
    'a request was made with no wait',
  );
  clock.run(100);
  assert.deepEqual(
    way.sent.map((r) => r.numbers[0]),
    [1, 2, 1, 2],
  );
});

test('what an answer says is passed on is not sent again', () => {
  const { way, send, clock } = writerOf({ many: false });
  send('a', 'b', 'c', 'd');
  way.sent[0].answer(0); // it has arrived all the same
  clock.run(100); // and waits for a slot now
  send('e');
  const passed = Math.max(...way.sent.flatMap((r) => r.numbers));
  way.open()[0].passed(passed);
  const after = way.sent.length;
  clock.settle();
  for (const { numbers } of way.sent.slice(after - 1)) assert.ok(numbers[0] >= passed, `${numbers} is sent again`);
});

test('what a request has acknowledged that came to nothing is acknowledged anew, though its parts have arrived', () => {
  const rig = writerOf();
  const { way, send, clock, acks } = rig;
  Object.assign(rig, { acked: 5, owes: true }); // a stream has brought them
  send('a');
  send('b');
  assert.deepEqual(
    way.sent.map(({ ack }) => ack),
    [5, 5],
  );
  way.sent[1].passed(2); // as by an earlier request of the first, which nobody has heard of
  way.sent[0].answer(0);
  clock.run(1000);
  assert.deepEqual([way.sent.length, acks.length], [2, 1]);
  assert.match(acks[0].params, /^a=5&/);
  acks[0].answer(201, { ok: true });
  clock.run(60_000);
  assert.equal(acks.length, 1);
});

test('another request that is under way goes on meanwhile', () => {
  const { way, send, clock, told } = writerOf();
  send('a');
  send('b');
  way.sent[0].answer(0);
  assert.equal(way.sent[1].over, false);
  way.sent[1].passed(0);
  clock.run(100);
  assert.deepEqual(way.sent[2].numbers, [1, 2]);
  assert.deepEqual(told, [['failing', 1]]);
});

test('it gives up when requests have failed for 30 s, and tells why', () => {
  const { way, send, clock, told } = writerOf();
  send('a');
  const from = clock.now();
  for (let i = 0; !told.some(([what]) => what === 'lost'); i++) {
    assert.ok(i < 100, 'it never gives up');
    way.sent.at(-1).answer(...(i % 2 ? [503, { error: 'busy as can be' }] : [0]));
    if (told.at(-1)[0] !== 'lost') clock.until(() => way.open().length);
  }
  const took = clock.now() - from;
  assert.ok(took > 30_000 && took <= 35_000, `${took} ms`);
  assert.match(told.at(-1)[1], /^sending failed for too long: (busy as can be|the request failed)$/);
  assert.equal(told.filter(([what]) => what === 'lost').length, 1);
});

test('no_socket is not the end, but nothing is sent any more', () => {
  const { way, send, clock, told, slots, writer, buffered } = writerOf();
  send('a');
  send('bc');
  way.sent[0].answer(403, { ok: false, code: 'no_socket', error: 'no such socket' });
  clock.idle();
  assert.equal(way.sent[1].cancelled, true);
  assert.deepEqual([told, way.sent.length, buffered()], [[], 2, 3]);
  assert.deepEqual(slots.hosts, {});
  writer.end();
});

test('what is sent after no_socket never leaves, and counts as buffered', () => {
  const { way, send, clock, buffered } = writerOf();
  send('a');
  way.sent[0].answer(403, { ok: false, code: 'no_socket', error: 'no such socket' });
  send('bcd');
  clock.idle();
  assert.equal(way.sent.length, 1);
  assert.equal(buffered(), 4);
});

test('too_large and bad_request are told', () => {
  const large = writerOf();
  large.send('a');
  large.way.sent[0].answer(413, { ok: false, code: 'too_large', error: 'it is over the limit' });
  assert.deepEqual(large.told, [['tooLarge']]);
  const bad = writerOf();
  bad.send('a');
  bad.way.sent[0].answer(400, { ok: false, code: 'bad_request', error: 'the text is not UTF-8' });
  assert.deepEqual(bad.told, [['lost', 'the text is not UTF-8']]);
});

test('its end takes back all, and what waits stays buffered', () => {
  const waiting = writerOf();
  waiting.send('abc');
  waiting.way.sent[0].answer(0);
  waiting.writer.end();
  assert.equal(waiting.clock.pending(), 0, 'nothing is to be sent again');
  assert.deepEqual(waiting.slots.hosts, {});

  const busy = writerOf();
  busy.send('abc');
  busy.send('d');
  busy.send('ef');
  busy.writer.send({ kind: 't', data: 'g' });
  busy.writer.end();
  busy.writer.end();
  assert.deepEqual(
    busy.way.sent.map((r) => r.cancelled),
    [true, true],
  );
  busy.clock.idle();
  assert.deepEqual([busy.way.sent.length, busy.buffered(), busy.told], [2, 7, []]);
  assert.deepEqual(busy.slots.hosts, {});
});

test('one whose answer is withheld takes its request back after a second where others wait, and sends it again', () => {
  const clock = virtualClock();
  const slots = new Slots(clock);
  const [a, b, c] = [1, 2, 3].map(() => writerOf({ clock, slots }));
  a.send('a');
  clock.run(1);
  b.send('b');
  c.send('c');
  clock.run(990);
  assert.deepEqual(
    [a, b, c].map(({ way }) => way.sent.length),
    [1, 1, 0],
  );
  clock.run(10);
  assert.equal(a.way.sent[0].cancelled, true);
  assert.deepEqual(
    [a, b, c].map(({ way }) => way.open().length),
    [0, 1, 1],
  );
  c.way.sent[0].passed(1);
  clock.settle();
  assert.deepEqual(
    a.way.sent.map((r) => r.numbers),
    [[1], [1]],
  );
  assert.deepEqual([...a.told, ...b.told, ...c.told], [], 'which is no failure');
  assert.equal(a.buffered(), 1);
});

test('its turn is as long as its bytes need, and longer each time that it was too short', () => {
  const { way, writer, clock, send } = writerOf();
  send('x');
  const least = writer.turn();
  assert.ok(least >= 1000 && least < 1100, `${least} ms`);
  way.sent[0].passed(1);
  send('x'.repeat(100_000));
  const turn = writer.turn();
  assert.ok(turn > 5000 && turn < 20_000, `${turn} ms for 100 KB`);
  for (const times of [2, 4, 8]) {
    writer.yieldSlot();
    clock.settle();
    assert.equal(way.open().length, 1);
    assert.equal(writer.turn(), turn * times);
  }
  way.open()[0].passed(2);
  clock.settle();
  send('x');
  assert.equal(writer.turn(), least, 'until one has gone well');
});

test('one that has both slots gives them to one that comes', () => {
  const clock = virtualClock();
  const slots = new Slots(clock);
  const a = writerOf({ clock, slots });
  a.send('a');
  a.send('b');
  a.send('c');
  const b = writerOf({ clock, slots });
  b.send('x');
  clock.run(1010);
  assert.deepEqual(
    a.way.sent.slice(0, 2).map((r) => r.cancelled),
    [true, true],
  );
  assert.deepEqual(
    b.way.open().map((r) => r.numbers),
    [[1]],
  );
  assert.deepEqual(
    a.way.open().map((r) => r.numbers),
    [[1, 2, 3]],
  );
});

test('a message is cut as its way up says, and goes on while the first part is under way', () => {
  const { way, send, clock } = writerOf({ many: false, most: 4 });
  send('abcdefghi');
  assert.deepEqual(
    way.sent.map(({ parts: [{ data, more }] }) => [data, more]),
    [
      ['abcd', true],
      ['efgh', true],
    ],
  );
  way.sent[1].passed(0);
  way.sent[0].passed(1);
  clock.settle();
  const third = way.sent.find(({ numbers }) => numbers[0] === 3);
  assert.deepEqual([third.parts[0].data, third.parts[0].more], ['i', false]);
});
