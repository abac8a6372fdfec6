import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Frames } from '../../../build/wire/frames.js';
import { Lines } from '../../../build/wire/lines.js';
import { readMessage } from '../../../build/wire/message.js';
import { fromUTF8 } from '../../../build/wire/text.js';
import { withGlobals } from '../globals.mjs';
import { seeded } from '../virtual.mjs';
import { bytes as bytesOf, frame, text, vectors } from './vectors.mjs';

const bytes = (hex) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const data = ({ kind, data, code, wasClean }) =>
  kind === 'c' ? [code, data, wasClean] : typeof data === 'string' ? data : Buffer.from(data).toString('hex');

/** What a parser makes of bytes that come in pieces. */
function parsed(all, piece = Infinity) {
  const frames = new Frames();
  const got = [];
  for (let at = 0; at < all.length; at += piece) got.push(...frames.push(all.subarray(at, at + piece)));
  return { got: got.map(data), empty: frames.empty() };
}

// RFC 6455 §5.7, and what a relay writes besides.
const run = bytes(
  '8904 01020304' +
    '8105 48656c6c6f' +
    '8203 00ff80' +
    '8100' +
    '8200' +
    '8900' +
    '8104 f09f9880' +
    `817e 007e ${'61'.repeat(126)}` +
    `827f 0000000000010000 ${'07'.repeat(65536)}` +
    '8804 0bb8 c3a9',
);
const messages = ['Hello', '00ff80', '', '', '😀', 'a'.repeat(126), '07'.repeat(65536), [3000, 'é', true]];

test('frames are put together, however they were cut', () => {
  for (const piece of [Infinity, 1, 2, 3, 7, 1000, 65_530]) {
    assert.deepEqual(parsed(run, piece), { got: messages, empty: true }, `in pieces of ${piece}`);
  }
});

test('what is cut off is not whole, and nothing of it is told', () => {
  const { length } = parsed(run.subarray(0, -4)).got;
  assert.equal(length, messages.length - 1);
  for (const end of [run.length - 1, run.length - 3, 1, 3, 8]) assert.equal(parsed(run.subarray(0, end)).empty, false);
  assert.equal(parsed(run.subarray(0, 6)).empty, true);
  assert.equal(new Frames().empty(), true);
});

const golden = vectors('stream.json');

test('what a relay writes of messages is read as them, however it is cut', () => {
  for (const vector of golden.frames) {
    const body = bytesOf(vector.body);
    const want = vector.frames.map(frame).map(data);
    for (const piece of [Infinity, 1, 13]) {
      assert.deepEqual(parsed(body, piece), { got: want, empty: true }, `${vector.name}, in pieces of ${piece}`);
    }
  }
});

test('the data of an event are its message', () => {
  for (const vector of golden.events) {
    const [id, line, ...rest] = text(vector.event).split('\n');
    assert.deepEqual([id, rest], [`id: ${vector.number}`, ['', '']], vector.name);
    assert.deepEqual(
      data(readMessage(JSON.parse(line.slice('data: '.length)))),
      data(frame(vector.frame)),
      vector.name,
    );
  }
});

test('a close may have no code, or one that is in no frame of a WebSocket', () => {
  assert.deepEqual(parsed(bytes('8800')).got, [[1005, '', true]]);
  assert.deepEqual(parsed(bytes('8802 03ee')).got, [[1006, '', false]]);
  assert.deepEqual(parsed(bytes('8804 03ee 6869')).got, [[1006, 'hi', false]]);
});

test('a binary message keeps nothing of what came with it', () => {
  const [frame] = new Frames().push(bytes('8202 0102 8100'));
  assert.equal(frame.data.buffer.byteLength, 2);
});

for (const [name, hex, message] of [
  ['a page', Buffer.from('<html>').toString('hex'), /begins with 0x3c is no whole message/],
  ['a fragment', '0101 61', /begins with 0x1 is no whole message/],
  ['a continuation', '8001 61', /begins with 0x80 is no/],
  ['a reserved bit', 'c101 61', /begins with 0xc1 is no/],
  ['a pong', '8a00', /begins with 0x8a is no/],
  ['a mask', '8181 00000000 61', /masked/],
  ['a long ping', '897e 007e', /control frame is longer/],
  ['a length that is too long by 16 bits', '817e 007d', /shortest form/],
  ['a length that is too long by 64 bits', '817f 000000000000ffff', /shortest form/],
  ['a length that nothing has', '827f ffffffffffffffff', /more bytes than there can be/],
  ['half a code', '8801 03', /one byte, which is no code/],
  ['text that is none', '8102 c328', /not UTF-8/],
  ['half a character', '8101 f0', /not UTF-8/],
  ['a reason that is none', '8803 03e8 ff', /not UTF-8/],
  ['a frame behind the close', '8802 03e8 8100', /follows the Close/],
]) {
  test(`${name} is an error that says so, also byte by byte`, () => {
    assert.throws(() => parsed(bytes(hex)), { name: 'Error', message });
    assert.throws(() => parsed(bytes(hex), 1), { name: 'Error', message });
  });
}

test('what is written comes back, in any engine with typed arrays', (t) => {
  const chance = seeded(3);
  for (const decoder of [TextDecoder, undefined]) {
    withGlobals(t, { TextDecoder: decoder });
    for (let i = 0; i < 300; i++) {
      const texts = Array.from({ length: 5 }, () =>
        Array.from({ length: chance.int(0, 200) }, () => chance.pick(['a', 'é', '€', '😀', '\ufeff', '\0'])).join(''),
      );
      const all = Buffer.concat(
        texts.map((text) => {
          const { length } = Buffer.from(text);
          const header = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 255];
          return Buffer.concat([Buffer.from(header), Buffer.from(text)]);
        }),
      );
      assert.deepEqual(parsed(new Uint8Array(all), chance.int(1, 100)).got, texts);
    }
    for (const hex of ['ff', 'c080', 'eda080', 'f4908080', 'e282'])
      assert.throws(() => fromUTF8(bytes(hex)), /not UTF-8/);
    assert.equal(fromUTF8(new Uint8Array(20_000).fill(97)).length, 20_000);
  }
});

test('lines are put together, however they were cut, and blank ones are left out', () => {
  const all = Buffer.from('\n{"a":"é😀"}\r\n   \n\n7\n{"b"');
  for (const piece of [1, 2, 5, 100]) {
    const lines = new Lines();
    const got = [];
    for (let at = 0; at < all.length; at += piece)
      got.push(...lines.push(new Uint8Array(all.subarray(at, at + piece))));
    assert.deepEqual(got, ['{"a":"é😀"}\r', '7']);
    assert.equal(lines.empty(), false);
    assert.deepEqual([lines.push(bytes('0a')), lines.empty()], [['{"b"'], true]);
  }
  assert.throws(() => new Lines().push(bytes('ff0a')), /not UTF-8/);
});
