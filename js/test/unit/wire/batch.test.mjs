import assert from 'node:assert/strict';
import { test } from 'node:test';

import { batch, frameLength } from '../../../build/wire/batch.js';
import { wellFormed } from '../../../build/wire/text.js';
import { each, firstTypedArrays, thisEngine, withoutEncodeInto } from './engine.mjs';
import { random } from './random.mjs';
import { bytes, frame, hex, text, vectors } from './vectors.mjs';

const { batches, refused } = vectors('batch.json');
const { codes, reasons } = vectors('closecode.json');

const engines = {
  'this engine': thisEngine,
  'an engine without encodeInto': withoutEncodeInto,
  'the first engine with typed arrays': firstTypedArrays,
};

for (const [name, engine] of Object.entries(engines)) {
  test(`batch in ${name}`, () => {
    for (const vector of batches) {
      const frames = vector.frames.map(frame);
      const body = engine(() => batch(frames));
      assert.ok(body instanceof ArrayBuffer);
      assert.ok(Buffer.from(body).equals(bytes(vector.body)), `${vector.name}: ${hex(body).slice(0, 200)}`);
    }
  });
}

test('frameLength is what a frame takes', () => {
  for (const vector of batches) {
    const lengths = vector.frames.map((f) => frameLength(frame(f)));
    assert.equal(
      lengths.reduce((sum, length) => sum + length, 0),
      bytes(vector.body).length,
      vector.name,
    );
  }
});

test('what the relay would refuse is an error', () => {
  for (const vector of refused) {
    assert.throws(() => batch(vector.frames.map(frame)), Error, vector.name);
  }
});

test('what is wrong', () => {
  const part = { kind: 't', data: 'a', more: true };
  const close = (code, data) => ({ kind: 'c', code, data });
  for (const write of [(f) => batch([f]), frameLength]) {
    assert.throws(() => write(part), {
      message: 'a part of a message is no frame of a batch: send it by itself, with m=1',
    });
    assert.throws(() => write(close(undefined, 'why')), { message: 'a close reason needs a code' });
    assert.throws(() => write(close(1005, 'why')), { message: 'a close reason needs a code' });
    for (const code of [1002, 2999, 5000, 3000.5, -1, NaN, Infinity]) {
      assert.throws(() => write(close(code, '')), {
        message: `close code ${code} is not allowed: use 1000, 1001 or 3000 to 4999`,
      });
    }
    assert.throws(() => write(close(1000, 'é'.repeat(62))), {
      message: 'the close reason has 124 bytes, and at most 123 are allowed',
    });
  }
  const message = 'a frame follows the close: nothing may';
  assert.throws(() => batch([close(1000, ''), { kind: 't', data: '' }]), { message });
  assert.throws(() => batch([{ kind: 't', data: '' }, close(1005, ''), close(1000, '')]), { message });
});

test('the close codes that a client may send', () => {
  for (const { code, send } of codes) {
    const f = { kind: 'c', data: '', code };
    if (send) {
      assert.equal(batch([f]).byteLength, code === 1005 ? 2 : 4, code);
    } else {
      assert.throws(() => batch([f]), { message: /^close code/ }, code);
    }
  }
  for (const vector of reasons) {
    const f = { kind: 'c', data: text(vector.reason), code: vector.code };
    if (vector.send) {
      batch([f]);
    } else {
      assert.throws(() => batch([f]), Error, vector.name);
    }
  }
});

test('bytes may be a part of a buffer, or a string of one character a byte', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const body = batch([
    { kind: 'b', data: all.subarray(3, 7) },
    { kind: 'b', data: String.fromCharCode(...all) },
  ]);
  assert.equal(hex(body), '820403040506' + '827e0100' + hex(all));
});

test('what stands alone of a surrogate pair does no harm', () => {
  const frames = [
    { kind: 't', data: '\ud800' },
    { kind: 't', data: 'a' },
  ];
  for (const engine of Object.values(engines)) {
    assert.equal(hex(engine(() => batch(frames))), '8103efbfbd810161');
  }
});

/** Reads a batch, to see whether it comes back. */
function parse(body) {
  const data = Buffer.from(body);
  const frames = [];
  for (let at = 0; at < data.length;) {
    const kind = { 0x81: 't', 0x82: 'b', 0x88: 'c' }[data[at]];
    assert.ok(kind, `byte ${at}`);
    let length = data[at + 1];
    at += 2;
    if (length === 126) {
      length = data.readUInt16BE(at);
      assert.ok(length >= 126);
      at += 2;
    } else if (length === 127) {
      length = Number(data.readBigUInt64BE(at));
      assert.ok(length >= 65536);
      at += 8;
    }
    assert.ok(at + length <= data.length);
    let payload = data.subarray(at, (at += length));
    const f = { kind };
    if (kind === 'c') {
      f.code = length > 0 ? payload.readUInt16BE(0) : 1005;
      payload = payload.subarray(2);
    }
    f.data = kind === 'b' ? Uint8Array.from(payload) : payload.toString();
    frames.push(f);
  }
  return frames;
}

test('what is written comes back', (t) => {
  const r = random(t);
  const inputs = r.many(1000, () => {
    const frames = r.many(r.below(6), () =>
      r.below(2) ? { kind: 't', data: wellFormed(r.units()) } : { kind: 'b', data: r.bytes() },
    );
    if (r.below(2)) {
      const code = r.of([1000, 1001, 1005, 3000 + r.below(2000)]);
      frames.push({ kind: 'c', code, data: code === 1005 ? '' : wellFormed(r.units(r.below(42))) });
    }
    return frames;
  });
  for (const engine of Object.values(engines)) {
    each(engine, inputs, batch).forEach(({ value, error }, i) => {
      assert.deepEqual(error ?? parse(value), inputs[i]);
    });
  }
});
