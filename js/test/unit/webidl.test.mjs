import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clampedShort, domException, stringOrSequence, usvString } from '../../build/webidl.js';
import { withGlobals } from './globals.mjs';

test('USVString: ToString, and no lone surrogates', () => {
  const values = [
    ['a', 'a'],
    ['', ''],
    [null, 'null'],
    [undefined, 'undefined'],
    [1.5, '1.5'],
    [-0, '0'],
    [true, 'true'],
    [12n, '12'],
    [[1, 2], '1,2'],
    [{}, '[object Object]'],
    [new String('boxed'), 'boxed'],
    [new URL('ws://a.test/b'), 'ws://a.test/b'],
    ['😀', '😀'],
    ['\ud83d', '\ufffd'],
    ['a\ude00b', 'a\ufffdb'],
    ['\ude00\ud83d', '\ufffd\ufffd'],
  ];
  for (const [value, string] of values) assert.equal(usvString(value), string);
});

test('toString comes before valueOf, as ToString has it', () => {
  const both = { toString: () => 'string', valueOf: () => 'value' };
  assert.equal(usvString(both), 'string');
  assert.deepEqual(stringOrSequence([both]), ['string']);
  assert.deepEqual(stringOrSequence(both), ['string']);
  const only = Object.create(null, { valueOf: { value: () => 'value' } });
  assert.equal(usvString(only), 'value');
  const primitive = { [Symbol.toPrimitive]: (hint) => hint };
  assert.equal(usvString(primitive), 'string');
});

test('a symbol is a TypeError, and so is what cannot be a string', () => {
  assert.throws(() => usvString(Symbol('x')), TypeError);
  assert.throws(() => usvString(Object.create(null)), TypeError);
  assert.throws(() => stringOrSequence(Symbol('x')), TypeError);
  assert.throws(() => stringOrSequence(['a', Symbol('x')]), TypeError);
  const broken = {
    toString() {
      throw new RangeError('mine');
    },
  };
  assert.throws(() => usvString(broken), RangeError);
});

test('[Clamp] unsigned short: from 0 to 65535, rounded half to even', () => {
  const values = [
    [1000, 1000],
    ['1000', 1000],
    [' 0x10 ', 16],
    ['', 0],
    [null, 0],
    [true, 1],
    [NaN, 0],
    ['x', 0],
    [undefined, 0],
    [{}, 0],
    [[7], 7],
    [new Date(5), 5],
    [-1, 0],
    [-Infinity, 0],
    [Infinity, 65535],
    [65535.5, 65535],
    [65536, 65535],
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [2.5000001, 3],
    [999.5, 1000],
    [1000.5, 1000],
    [2999.4, 2999],
    [3999.6, 4000],
    [-0.5, 0],
  ];
  for (const [value, short] of values) {
    assert.equal(clampedShort(value), short, String(value));
    assert.ok(!Object.is(clampedShort(value), -0));
  }
  assert.throws(() => clampedShort(1n), TypeError);
  assert.throws(() => clampedShort(Symbol('x')), TypeError);
});

test('a string, or a sequence of strings', () => {
  const values = [
    [undefined, []],
    ['', ['']],
    ['a', ['a']],
    ['a,b', ['a,b']],
    [null, ['null']],
    [7, ['7']],
    [false, ['false']],
    [[], []],
    [
      ['a', 7, null],
      ['a', '7', 'null'],
    ],
    [new Set(['a', 'b']), ['a', 'b']],
    [new String('ab'), ['a', 'b']],
    [{}, ['[object Object]']],
    [{ length: 1, 0: 'a' }, ['[object Object]']],
    [{ toString: () => 'a' }, ['a']],
    [{ [Symbol.iterator]: undefined, toString: () => 'a' }, ['a']],
    [{ [Symbol.iterator]: null, toString: () => 'a' }, ['a']],
    [Object.assign(() => {}, { toString: () => 'f' }), ['f']],
  ];
  for (const [value, list] of values) assert.deepEqual(stringOrSequence(value), list);
  function* some() {
    yield 'x';
    yield 'y';
  }
  assert.deepEqual(stringOrSequence(some()), ['x', 'y']);
  const own = ['a', 'b'];
  own[Symbol.iterator] = some;
  assert.deepEqual(stringOrSequence(own), ['x', 'y'], 'an array is iterated as it says');
  assert.throws(() => stringOrSequence({ [Symbol.iterator]: 7 }), TypeError);
});

test('without symbols an array is a sequence still', (t) => {
  withGlobals(t, { Symbol: undefined });
  assert.deepEqual(stringOrSequence(['a', 1]), ['a', '1']);
  assert.deepEqual(stringOrSequence({ toString: () => 'a' }), ['a']);
});

test('a DOMException is one, or looks like it', (t) => {
  const names = { SyntaxError: 12, InvalidStateError: 11, InvalidAccessError: 15 };
  for (const [name, code] of Object.entries(names)) {
    const own = domException(name, 'a sentence');
    assert.ok(own instanceof DOMException);
    assert.deepEqual([own.name, own.code, own.message], [name, code, 'a sentence']);
  }
  const fakes = [
    undefined,
    function () {
      throw new TypeError('Illegal constructor');
    },
  ];
  for (const fake of fakes) {
    withGlobals(t, { DOMException: fake });
    for (const [name, code] of Object.entries(names)) {
      const own = domException(name, 'a sentence');
      assert.ok(own instanceof Error);
      assert.deepEqual([own.name, own.code, own.message], [name, code, 'a sentence']);
    }
  }
});
