import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode, decodeToString, encode } from '../../../build/wire/base64.js';
import { each, firstTypedArrays, newest, oldest, oldestWithAtob, thisEngine } from './engine.mjs';
import { random } from './random.mjs';
import { bytes, hex, text, vectors } from './vectors.mjs';

const { encodings, accepted, malformed } = vectors('base64.json');

const engines = {
  'this engine': thisEngine,
  'an engine with fromBase64 and toBase64': newest,
  'the first engine with typed arrays': firstTypedArrays,
};

/** All ways to decode a list of strings. Each gives a list of bytes in hexadecimal digits, or of Errors. */
const ways = {};
for (const [name, engine] of Object.entries(engines)) {
  ways[`decode in ${name}`] = (inputs) =>
    each(engine, inputs, decode).map(({ value, error }) => {
      assert.ok(error || value instanceof Uint8Array);
      return error ?? hex(value);
    });
}
for (const [name, engine] of Object.entries({
  'this engine': thisEngine,
  'an old engine with atob': oldestWithAtob,
  'the oldest engine': oldest,
})) {
  ways[`decodeToString in ${name}`] = (inputs) =>
    each(engine, inputs, decodeToString).map(({ value, error }) => {
      assert.ok(error || typeof value === 'string');
      return error ?? hex(Buffer.from(value, 'latin1'));
    });
}

for (const [name, engine] of Object.entries(engines)) {
  test(`encode in ${name}`, () => {
    const wholes = encodings.map((vector) => bytes(vector.bytes));
    const parts = wholes.map((data) => {
      const part = new Uint8Array(data.length + 9).fill(0xee).subarray(5, 5 + data.length);
      part.set(data);
      return part;
    });
    const want = encodings.map((vector) => ({ value: text(vector.url) }));
    assert.deepEqual(each(engine, wholes, encode), want);
    assert.deepEqual(each(engine, parts, encode), want);
  });
}

for (const [name, way] of Object.entries(ways)) {
  test(name, () => {
    for (const alphabet of ['standard', 'url']) {
      assert.deepEqual(
        way(encodings.map((vector) => text(vector[alphabet]))),
        encodings.map((vector) => text(vector.bytes)),
      );
    }
    assert.deepEqual(
      way(accepted.map((vector) => text(vector.base64))),
      accepted.map((vector) => text(vector.bytes)),
    );
    way(malformed.map((vector) => text(vector.base64))).forEach((outcome, i) => {
      refused(outcome, malformed[i].name);
    });
  });

  test(`${name}: what is wrong`, () => {
    assert.deepEqual(
      way(['aGk==', 'aGkha', '-/+/', 'aG k', '\n\n']).map((error) => error.message),
      [
        'base64 with the wrong padding',
        'base64 that is cut off: no bytes have 5 characters',
        'base64 in two alphabets at once',
        'not base64: it holds a character of no alphabet',
        'not base64: it holds a character of no alphabet',
      ],
    );
  });
}

function refused(outcome, what) {
  assert.ok(outcome instanceof Error && /^(not )?base64/.test(outcome.message), `${what}: ${outcome}`);
}

test('by hand it is what it is natively', (t) => {
  const r = random(t);
  const inputs = r.many(2000, () => r.bytes());
  const in64 = (encoding) => inputs.map((data) => Buffer.from(data).toString(encoding));
  for (const engine of Object.values(engines)) {
    assert.deepEqual(
      each(engine, inputs, encode),
      in64('base64url').map((value) => ({ value })),
    );
  }
  for (const [name, way] of Object.entries(ways)) {
    for (const encoded of [in64('base64'), in64('base64url'), in64('base64').map((s) => s.replace(/=+$/, ''))]) {
      assert.deepEqual(way(encoded), inputs.map(hex), name);
    }
  }
});

test('all ways refuse the same', (t) => {
  const r = random(t);
  const strange = ' \t\n\f\r\v=!.\0\x7f\u00a0\u0141\ud800'.split('');
  const alphabets = ['AZaz09+/', 'AZaz09-_', 'AZaz09'].map((letters) => letters.split(''));
  const inputs = r.many(5000, () => {
    const letters = r.of(alphabets);
    const odd = r.of([strange, letters, r.of(alphabets)]);
    return r.many(r.below(14), () => r.of(r.below(6) ? letters : odd)).join('') + r.of(['', '', '=', '==', '===']);
  });
  const good = inputs.map(matches);
  const share = good.filter(Boolean).length / inputs.length;
  assert.ok(share > 0.2 && share < 0.8, `${share} of the inputs are good`);
  for (const [name, way] of Object.entries(ways)) {
    way(inputs).forEach((outcome, i) => {
      if (good[i]) {
        assert.equal(outcome, Buffer.from(inputs[i], 'base64').toString('hex'), name);
      } else {
        refused(outcome, `${name}: ${JSON.stringify(inputs[i])}`);
      }
    });
  }
});

/** Whether wire.DecodeBase64 takes it, by the rule in its comment. */
function matches(s) {
  const bare = s.replace(/=+$/, '');
  const padding = s.length - bare.length;
  return (
    padding <= 2 &&
    (padding === 0 || s.length % 4 === 0) &&
    bare.length % 4 !== 1 &&
    (/^[A-Za-z0-9+/]*$/.test(bare) || /^[A-Za-z0-9_-]*$/.test(bare))
  );
}
