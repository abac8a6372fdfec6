import assert from 'node:assert/strict';
import { test } from 'node:test';

import { each, firstTypedArrays, newest, oldest, oldestWithAtob, thisEngine, withoutEncodeInto } from './engine.mjs';

/** What an engine has. */
function inventory() {
  return {
    json: typeof JSON !== 'undefined',
    es5: 'indexOf' in [] || 'isArray' in Array || 'bind' in inventory || 'trim' in Object('') || 'keys' in Object,
    later: 'fill' in [] || 'toWellFormed' in Object('') || 'trunc' in Math || typeof Promise !== 'undefined',
    atob: typeof atob !== 'undefined',
    typedArrays: typeof Uint8Array !== 'undefined',
    slice: typeof Uint8Array !== 'undefined' && 'slice' in Uint8Array.prototype,
    base64: typeof Uint8Array !== 'undefined' && 'fromBase64' in Uint8Array && 'toBase64' in Uint8Array.prototype,
    textEncoder: typeof TextEncoder !== 'undefined',
    encodeInto: typeof TextEncoder !== 'undefined' && 'encodeInto' in TextEncoder.prototype,
  };
}

test('engines have what they say, and leave nothing behind', () => {
  const all = { ...inventory(), json: true, es5: true, later: true, atob: true, typedArrays: true, slice: true };
  const none = Object.fromEntries(Object.keys(all).map((name) => [name, name === 'json']));
  const before = inventory();
  for (const [engine, want] of [
    [thisEngine, { ...all, textEncoder: true, encodeInto: true }],
    [newest, { ...all, base64: true }],
    [withoutEncodeInto, { ...all, encodeInto: false }],
    [firstTypedArrays, { ...none, typedArrays: true }],
    [oldestWithAtob, { ...none, atob: true }],
    [oldest, none],
  ]) {
    assert.deepEqual(engine(inventory), want);
    assert.deepEqual(inventory(), before);
    const outcomes = each(engine, [1, 2], (n) => {
      if (n === 2) {
        throw new Error('two');
      }
      return n;
    });
    assert.equal(outcomes[0].value, 1);
    assert.equal(outcomes[1].error.message, 'two');
  }
});
