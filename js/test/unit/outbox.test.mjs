import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../build/outbox.js';
import { splits } from '../../build/transport/batches.js';
import { seeded } from './virtual.mjs';

/** Shapes of ways up (src/transport/transport.ts): what goes into a request, and where messages are cut. */
const whole = { many: true, cut: ({ data }) => data.length };
const single = { many: false, cut: ({ data }) => data.length };
const cutAt = (most, many = false) => ({
  many,
  cut({ data }) {
    if (data.length <= most) return data.length;
    return typeof data === 'string' && splits(data, most) ? most - 1 : most;
  },
});

const text = (data) => ({ kind: 't', data });
const numbers = (parts) => parts.map(({ number }) => number);
const datas = (parts) => parts.map(({ data }) => data);

function outboxOf(...messages) {
  const outbox = new Outbox();
  for (const data of messages) outbox.push(text(data));
  return outbox;
}

test('messages have numbers from 1 on, each its own', () => {
  const outbox = outboxOf('a', 'b');
  const first = outbox.take(whole);
  assert.deepEqual(numbers(first), [1, 2]);
  outbox.push(text('c'));
  outbox.push({ kind: 'c', code: 1000, data: 'bye' });
  const second = outbox.take(whole);
  assert.deepEqual(numbers(second), [3, 4]);
  assert.deepEqual(second[1], { kind: 'c', code: 1000, data: 'bye', more: false, number: 4, size: 3, whole: true });
  outbox.answered(first, 4);
  outbox.push(text('d'));
  assert.deepEqual(numbers(outbox.take(whole)), [5]);
});

test('nothing is taken where there is nothing, or all is on its way', () => {
  const outbox = new Outbox();
  assert.deepEqual(outbox.take(whole), []);
  outbox.push(text('a'));
  outbox.take(whole);
  assert.deepEqual(outbox.take(whole), []);
});

test('a way up that takes one at a time gets one at a time', () => {
  const outbox = outboxOf('a', 'b', 'c');
  assert.deepEqual(numbers(outbox.take(single)), [1]);
  assert.deepEqual(numbers(outbox.take(single)), [2]);
});

test('what is buffered are bytes of UTF-8, and of data alone', () => {
  const outbox = outboxOf('a', 'é', '€', '😀', '');
  outbox.push({ kind: 'b', data: new Uint8Array(5) });
  outbox.push({ kind: 'c', code: 1000, data: 'a reason' });
  assert.equal(outbox.buffered, 1 + 2 + 3 + 4 + 0 + 5);
  const parts = outbox.take(whole);
  assert.equal(outbox.buffered, 15, 'what is on its way has not left');
  outbox.failed(parts);
  assert.equal(outbox.buffered, 15);
  const left = [14, 12, 9, 5, 5, 0, 0];
  for (const [i, bytes] of left.entries()) {
    outbox.answered([], i + 1);
    assert.equal(outbox.buffered, bytes);
  }
});

test('what was passed on by parts has left by parts', () => {
  const outbox = outboxOf('😀😀😀');
  for (const left of [8, 4, 0]) {
    const parts = outbox.take(cutAt(2));
    outbox.answered(parts, parts[0].number);
    assert.equal(outbox.buffered, left);
  }
});

test('a long message goes in parts, and the last of them says so', () => {
  const outbox = outboxOf('abcdefg', 'h');
  const parts = [1, 2, 3, 4].map(() => outbox.take(cutAt(3, true)));
  assert.deepEqual(parts.map(datas), [['abc'], ['def'], ['g'], ['h']], 'parts go alone, whatever else would fit');
  assert.deepEqual(parts.map(numbers), [[1], [2], [3], [4]]);
  assert.deepEqual(
    parts.map(([{ more }]) => more),
    [true, true, false, false],
  );
  assert.deepEqual(
    parts.map(([p]) => p.whole),
    [false, false, false, true],
  );
});

test('a long message that is binary goes in parts, and a close after it is whole', () => {
  const outbox = new Outbox();
  outbox.push({ kind: 'b', data: Uint8Array.of(1, 2, 3, 4, 5) });
  outbox.push({ kind: 'c', code: 3000, data: 'longer than three' });
  const parts = [1, 2, 3].map(() => outbox.take(cutAt(3, true))[0]);
  assert.deepEqual(
    parts.map(({ data }) => data),
    [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5), 'longer than three'],
  );
  assert.deepEqual(
    parts.map(({ size }) => size),
    [3, 2, 17],
  );
  assert.deepEqual(parts[2], {
    kind: 'c',
    code: 3000,
    data: 'longer than three',
    more: false,
    number: 3,
    size: 17,
    whole: true,
  });
});

test('surrogate pairs are where they were, and the sizes of the parts are that of the whole', () => {
  const chance = seeded(3);
  for (let run = 0; run < 300; run++) {
    const points = Array.from({ length: chance.int(1, 40) }, () => chance.pick(['a', 'é', '€', '😀', '𐍈']));
    const message = points.join('');
    const outbox = outboxOf(message);
    const taken = [];
    for (let part; (part = outbox.take(cutAt(chance.int(2, 9)))[0]);) taken.push(part);
    assert.equal(datas(taken).join(''), message);
    let size = 0;
    for (const part of taken) {
      assert.equal(Buffer.from(part.data).toString(), part.data, 'no half of a pair');
      assert.equal(part.size, Buffer.byteLength(part.data));
      size += part.size;
    }
    assert.equal(size, outbox.buffered);
  }
});

test('64 numbers may be ahead of what was passed on', () => {
  const outbox = outboxOf(...Array.from({ length: 100 }, () => 'x'));
  const parts = outbox.take(whole);
  assert.deepEqual([parts.length, parts[63].number], [64, 64]);
  assert.deepEqual(outbox.take(whole), []);
  outbox.answered(parts, 10);
  assert.deepEqual(numbers(outbox.take(whole)), range(11, 74), 'and those that were not passed on go again');
});

test('256 KiB may be ahead', () => {
  const kib = 'x'.repeat(1024);
  const outbox = outboxOf(...Array.from({ length: 20 }, () => kib.repeat(16)));
  const parts = outbox.take(whole);
  assert.equal(parts.length, 16);
  outbox.answered(parts, 1);
  outbox.failed(parts);
  assert.deepEqual(numbers(outbox.take(whole)), range(2, 17));

  // So two of the longest parts go at a time.
  const exact = outboxOf('x'.repeat(128 * 1024), 'x'.repeat(128 * 1024), 'x');
  assert.deepEqual(numbers(exact.take(whole)), [1, 2]);
});

test('a message larger than the window goes when it is the next, and alone', () => {
  const outbox = outboxOf('a', 'x'.repeat(300 * 1024), 'b');
  const first = outbox.take(whole);
  assert.deepEqual(numbers(first), [1]);
  outbox.answered(first, 1);
  const second = outbox.take(whole);
  assert.deepEqual(numbers(second), [2]);
  assert.deepEqual(outbox.take(whole), []);
  outbox.answered(second, 2);
  assert.deepEqual(numbers(outbox.take(whole)), [3]);
});

test('what failed goes again as it was, and what is in a request does not', () => {
  const outbox = outboxOf('a', 'b', 'c', 'd');
  const requests = [1, 2, 3, 4].map(() => outbox.take(single));
  outbox.failed(requests[1]);
  outbox.failed(requests[3]);
  outbox.push(text('e'));
  assert.deepEqual(outbox.take(whole), requests[1], 'numbers follow one another');
  assert.deepEqual(datas(outbox.take(whole)), ['d', 'e']);
  assert.deepEqual(outbox.take(whole), []);
});

test('a part keeps its number and its data, whichever way up takes it again', () => {
  const outbox = outboxOf('abcdef', 'g');
  const first = outbox.take(cutAt(4));
  outbox.failed(first);
  assert.deepEqual(outbox.take(cutAt(2)), first);
  const second = outbox.take(cutAt(4));
  assert.deepEqual([datas(second), numbers(second)], [['ef'], [2]]);
  outbox.failed(first);
  outbox.failed(second);
  assert.deepEqual(outbox.take(whole), first);
  assert.deepEqual(outbox.take(whole), second);
});

test('whole messages and parts do not go together', () => {
  const outbox = outboxOf('a', 'b', 'cdef', 'g', 'h');
  const shape = cutAt(2, true);
  const taken = [1, 2, 3, 4].map(() => outbox.take(shape));
  assert.deepEqual(taken.map(datas), [['a', 'b'], ['cd'], ['ef'], ['g', 'h']]);
  for (const parts of taken) outbox.failed(parts);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => datas(outbox.take(shape))),
    taken.map(datas),
  );
});

test('numbers follow one another also where the parts of a message lie between', () => {
  const outbox = outboxOf('a', 'bcd', 'e');
  const shape = cutAt(2, true);
  const [a, bc, d] = [1, 2, 3].map(() => outbox.take(shape));
  assert.deepEqual([a, bc, d].map(datas), [['a'], ['bc'], ['d']]);
  outbox.failed(a);
  assert.deepEqual(datas(outbox.take(shape)), ['a'], 'and not e with it');
  assert.deepEqual(numbers(outbox.take(shape)), [4]);
});

test('the window is the same after many messages', () => {
  const outbox = new Outbox();
  for (let n = 1; n <= 5000; n++) {
    outbox.push(text(''));
    outbox.answered(outbox.take(whole), n);
  }
  for (let i = 0; i < 64; i++) outbox.push(text('x'.repeat(4000)));
  assert.equal(outbox.take(whole).length, 64);
});

test('an answer counts for what other requests have carried, and what it leaves goes again', () => {
  const outbox = outboxOf('a', 'b', 'c', 'd');
  const [one, two] = [outbox.take(single), outbox.take(single)];
  const rest = outbox.take(whole);
  outbox.answered(rest, 3);
  assert.equal(outbox.buffered, 1);
  assert.deepEqual(numbers(outbox.take(whole)), [4], 'what was passed on is forgotten');
  outbox.answered(one, 3);
  outbox.failed(two);
  assert.deepEqual(outbox.take(whole), [], 'an answer that comes late changes nothing');
  outbox.answered([], 2);
  assert.equal(outbox.buffered, 1, 'nor does a lower one');
});

test('rest gives all that was not passed on, in one run', () => {
  const outbox = outboxOf('a', 'b', 'c');
  const taken = outbox.take(single);
  outbox.answered(taken, 1);
  outbox.take(single);
  outbox.push({ kind: 'c', code: 1000, data: '' });
  const rest = outbox.rest(1000);
  assert.deepEqual(
    rest.map(({ number, kind, data }) => [number, kind, data]),
    [
      [2, 't', 'b'],
      [3, 't', 'c'],
      [4, 'c', ''],
    ],
  );
  assert.deepEqual(outbox.take(whole), [], 'it counts as being in a request');
});

test('rest gives messages whole that a way up would have cut', () => {
  const outbox = outboxOf('abcdef');
  assert.deepEqual(datas(outbox.rest(1000)), ['abcdef']);
});

test('rest gives nothing where a message has begun to go in parts', () => {
  const begun = outboxOf('abcdef', 'g');
  begun.take(cutAt(4));
  assert.equal(begun.rest(1000), null);
  const passed = outboxOf('abcdef', 'g');
  passed.answered(passed.take(cutAt(4)), 1);
  assert.equal(passed.rest(1000), null, 'its end is no message');
  const ending = outboxOf('abcdef', 'g');
  ending.take(cutAt(4));
  ending.take(cutAt(4));
  assert.equal(ending.rest(1000), null, 'all of its parts are on their way');
  ending.answered([], 2);
  assert.deepEqual(numbers(ending.rest(1000)), [3]);
});

test('rest gives nothing where there is more than fits', () => {
  assert.equal(outboxOf('x'.repeat(1001)).rest(1000), null);
  assert.equal(outboxOf('x'.repeat(1000)).rest(1000), null, 'each frame has a header');
  assert.equal(outboxOf('x'.repeat(980)).rest(1000).length, 1);
  assert.equal(outboxOf(...Array.from({ length: 600 }, () => '')).rest(1000), null);
  assert.deepEqual(new Outbox().rest(1000), []);
});

function range(low, high) {
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}
