import assert from 'node:assert/strict';
import { test } from 'node:test';
import vm from 'node:vm';

import { read } from '../../../build/wire/message.js';
import { wellFormed } from '../../../build/wire/text.js';
import { each, firstTypedArrays, newest, oldest, oldestWithAtob, thisEngine } from './engine.mjs';
import { random } from './random.mjs';
import { frame, text, vectors } from './vectors.mjs';

const { messages, answers } = vectors('message.json');

const engines = {
  'this engine': thisEngine,
  'an engine with fromBase64': newest,
  'the first engine with typed arrays': firstTypedArrays,
  'an old engine with atob': oldestWithAtob,
  'the oldest engine': oldest,
};

/** The frames as an engine has them: the bytes are a string where there are no typed arrays. */
function framesIn(engine, frames) {
  return engine === oldest || engine === oldestWithAtob
    ? frames.map((f) => (f.kind === 'b' ? { ...f, data: Buffer.from(f.data).toString('latin1') } : f))
    : frames;
}

for (const [name, engine] of Object.entries(engines)) {
  test(`read in ${name}`, () => {
    const one = (vector) => ({ ok: true, seq: 1, messages: [JSON.parse(text(vector.json))] });
    assert.deepEqual(
      each(engine, messages.map(one), read),
      messages.map((vector) => ({ value: { seq: 1, frames: framesIn(engine, [frame(vector.frame)]) } })),
    );
    assert.deepEqual(
      each(
        engine,
        answers.map((vector) => vector.body),
        (body) => read(JSON.parse(body)),
      ),
      answers.map(({ seq, frames }) => ({ value: { seq, frames: framesIn(engine, frames.map(frame)) } })),
    );
  });
}

test('what is written comes back', (t) => {
  const r = random(t);
  const inputs = r.many(1000, () => {
    const frames = r.many(r.below(6), () =>
      r.below(2) ? { kind: 't', data: wellFormed(r.units()) } : { kind: 'b', data: r.bytes() },
    );
    if (r.below(2)) {
      frames.push({ kind: 'c', data: wellFormed(r.units(r.below(42))), code: r.below(65536), wasClean: !r.below(2) });
    }
    return { seq: 1 + r.below(2 ** 32), frames };
  });
  const bodies = inputs.map(({ seq, frames }) => JSON.stringify({ ok: true, seq, messages: frames.map(messageOf) }));
  for (const engine of Object.values(engines)) {
    assert.deepEqual(
      each(engine, bodies, (body) => read(JSON.parse(body))),
      inputs.map(({ seq, frames }) => ({ value: { seq, frames: framesIn(engine, frames) } })),
    );
  }
});

/** The message that stands for a frame in an answer. */
function messageOf({ kind, data, code, wasClean }) {
  switch (kind) {
    case 't':
      return { type: 'text', data };
    case 'b':
      return { type: 'binary', data: Buffer.from(data).toString('base64') };
    case 'c':
      return { type: 'close', code, reason: data, wasClean };
  }
}

test('a list of another frame of the page is a list', () => {
  const body = vm.runInNewContext('({"ok":true,"seq":1,"messages":[{"type":"text","data":"a"}]})');
  assert.deepEqual(read(body), { seq: 1, frames: [{ kind: 't', data: 'a' }] });
});

test('what is no answer', () => {
  const page = '<!DOCTYPE html><title>"Please" log in</title>' + 'x'.repeat(1000);
  for (const [body, message] of [
    [undefined, 'the answer is no JSON object but undefined'],
    [null, 'the answer is no JSON object but null'],
    ['', 'the answer is no JSON object but ""'],
    [7, 'the answer is no JSON object but 7'],
    [true, 'the answer is no JSON object but true'],
    [[], 'the answer is no JSON object but a list'],
    [() => {}, 'the answer is no JSON object but an object'],
    [page, 'the answer is no JSON object but "<!DOCTYPE html><title>\\"Please\\" log in</title>xxxxxxxxxxxxxxx..."'],
    [{}, 'the answer has no "ok":true'],
    [{ ok: 1, seq: 1, messages: [] }, 'the answer has no "ok":true'],
    [{ ok: 'true', seq: 1, messages: [] }, 'the answer has no "ok":true'],
    [
      { ok: false, error: 'no such socket', code: 'no_socket', status: 403 },
      'the answer has no "ok":true: no such socket',
    ],
    [{ ok: true, messages: [] }, 'the answer\'s "seq" is no number of a message but undefined'],
    [{ ok: true, seq: null, messages: [] }, 'the answer\'s "seq" is no number of a message but null'],
    [{ ok: true, seq: '1', messages: [] }, 'the answer\'s "seq" is no number of a message but "1"'],
    [{ ok: true, seq: 0, messages: [] }, 'the answer\'s "seq" is no number of a message but 0'],
    [{ ok: true, seq: -1, messages: [] }, 'the answer\'s "seq" is no number of a message but -1'],
    [{ ok: true, seq: 1.5, messages: [] }, 'the answer\'s "seq" is no number of a message but 1.5'],
    [{ ok: true, seq: NaN, messages: [] }, 'the answer\'s "seq" is no number of a message but NaN'],
    [{ ok: true, seq: Infinity, messages: [] }, 'the answer\'s "seq" is no number of a message but Infinity'],
    [{ ok: true, seq: 2 ** 53, messages: [] }, 'the answer\'s "seq" is no number of a message but 9007199254740992'],
    [{ ok: true, seq: 1 }, 'the answer\'s "messages" are no list but undefined'],
    [{ ok: true, seq: 1, messages: {} }, 'the answer\'s "messages" are no list but an object'],
    [{ ok: true, seq: 1, messages: { length: 0 } }, 'the answer\'s "messages" are no list but an object'],
    [{ ok: true, seq: 1, messages: 'text' }, 'the answer\'s "messages" are no list but "text"'],
  ]) {
    assert.throws(() => read(body), { name: 'Error', message });
    assert.throws(() => oldest(() => read(body)), { name: 'Error', message });
  }
});

test('what is no message', () => {
  const close = { type: 'close', code: 1000, reason: '', wasClean: true };
  for (const [message, why] of [
    [undefined, 'no JSON object but undefined'],
    [null, 'no JSON object but null'],
    ['text', 'no JSON object but "text"'],
    [[], 'no JSON object but a list'],
    [{}, 'its "type" is none that is known but undefined'],
    [{ type: 'video', data: '' }, 'its "type" is none that is known but "video"'],
    [{ type: 'Text', data: '' }, 'its "type" is none that is known but "Text"'],
    [{ type: 'toString' }, 'its "type" is none that is known but "toString"'],
    [{ type: ['text'], data: '' }, 'its "type" is none that is known but a list'],
    [{ type: 'text' }, 'its "data" is no string but undefined'],
    [{ type: 'text', data: null }, 'its "data" is no string but null'],
    [{ type: 'text', data: 7 }, 'its "data" is no string but 7'],
    [{ type: 'binary' }, 'its "data" is no string but undefined'],
    [{ type: 'binary', data: [1] }, 'its "data" is no string but a list'],
    [{ type: 'binary', data: 'a' }, 'base64 that is cut off: no bytes have 1 characters'],
    [{ type: 'binary', data: 'aG k' }, 'not base64: it holds a character of no alphabet'],
    [{ ...close, code: undefined }, 'its "code" is no close code but undefined'],
    [{ ...close, code: '1000' }, 'its "code" is no close code but "1000"'],
    [{ ...close, code: 65536 }, 'its "code" is no close code but 65536'],
    [{ ...close, code: 1000.5 }, 'its "code" is no close code but 1000.5'],
    [{ ...close, reason: undefined }, 'its "reason" is no string but undefined'],
    [{ ...close, wasClean: undefined }, 'its "wasClean" is no boolean but undefined'],
    [{ ...close, wasClean: 1 }, 'its "wasClean" is no boolean but 1'],
  ]) {
    const body = { ok: true, seq: 1, messages: [{ type: 'heartbeat' }, message, { type: 'text', data: '' }] };
    const expected = { name: 'Error', message: 'message 2 of 3 in the answer: ' + why };
    assert.throws(() => read(body), expected);
    assert.throws(() => oldest(() => read(body)), expected);
  }
});

test('nothing but a heartbeat follows a close', () => {
  const close = { type: 'close', code: 1000, reason: '', wasClean: true };
  const answer = (...list) => ({ ok: true, seq: 1, messages: list });
  assert.equal(read(answer(close, { type: 'heartbeat' })).frames.length, 1);
  for (const message of [close, { type: 'text', data: '' }]) {
    assert.throws(() => read(answer(close, { type: 'heartbeat' }, message)), {
      message: 'message 3 of 3 in the answer follows the close',
    });
  }
});
