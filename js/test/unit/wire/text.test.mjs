import assert from 'node:assert/strict';
import { test } from 'node:test';

import { putUTF8, utf8, utf8Length, wellFormed } from '../../../build/wire/text.js';
import { each, firstTypedArrays, oldest, thisEngine, withoutEncodeInto } from './engine.mjs';
import { random } from './random.mjs';
import { bytes, units, vectors } from './vectors.mjs';

const { strings } = vectors('text.json');

/** The engines that have utf8 and putUTF8. */
const engines = {
  'this engine': thisEngine,
  'an engine without encodeInto': withoutEncodeInto,
  'the first engine with typed arrays': firstTypedArrays,
};

/** Puts the string between two bytes that must stay. */
function put(s) {
  const room = new Uint8Array(utf8Length(s) + 2);
  room[0] = room[room.length - 1] = 0xee;
  const end = putUTF8(s, room, 1);
  return { end, room };
}

const inputs = strings.map((vector) => units(vector.units));

for (const [name, engine] of Object.entries({ ...engines, 'the oldest engine': oldest })) {
  test(`wellFormed and utf8Length in ${name}`, () => {
    each(engine, inputs, (s) => [wellFormed(s), utf8Length(s)]).forEach((outcome, i) => {
      const { wellFormed, utf8 } = strings[i];
      assert.deepEqual(outcome, { value: [units(wellFormed), utf8.length / 2] }, strings[i].name);
    });
  });
}

for (const [name, engine] of Object.entries(engines)) {
  test(`utf8 and putUTF8 in ${name}`, () => {
    each(engine, inputs, (s) => [utf8(s), put(s)]).forEach((outcome, i) => {
      const data = bytes(strings[i].utf8);
      const room = Uint8Array.of(0xee, ...data, 0xee);
      assert.deepEqual(outcome, { value: [data, { end: data.length + 1, room }] }, strings[i].name);
    });
  });
}

test('what is well-formed is not changed', () => {
  const all = [];
  for (let point = 0; point <= 0x10ffff; point++) {
    if (point < 0xd800 || point > 0xdfff) {
      all.push(String.fromCodePoint(point));
    }
  }
  const s = all.join('');
  const want = Buffer.from(s);
  for (const engine of Object.values(engines)) {
    assert.ok(engine(() => wellFormed(s)) === s);
    assert.ok(Buffer.from(engine(() => utf8(s))).equals(want));
    assert.equal(
      engine(() => utf8Length(s)),
      want.length,
    );
  }
});

test('by hand it is what it is natively', (t) => {
  const r = random(t);
  const texts = r.many(3000, () => r.units());
  const encoded = texts.map((s) => Buffer.from(s)); // with U+FFFD for what stands alone
  const between = Buffer.from([0xee]);
  for (const engine of [thisEngine, oldest]) {
    each(engine, texts, (s) => [wellFormed(s), utf8Length(s)]).forEach(({ value, error }, i) => {
      assert.deepEqual(error ?? value, [encoded[i].toString(), encoded[i].length]);
    });
  }
  for (const engine of Object.values(engines)) {
    each(engine, texts, (s) => [utf8(s), put(s)]).forEach(({ value, error }, i) => {
      assert.ifError(error);
      const [bytes, { end, room }] = value;
      assert.ok(encoded[i].equals(bytes), texts[i]);
      assert.ok(Buffer.concat([between, encoded[i], between]).equals(room), texts[i]);
      assert.equal(end, encoded[i].length + 1);
    });
  }
});
