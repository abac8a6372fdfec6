import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batches } from '../../build/transport/batches.js';
import { parts } from '../../build/transport/parts.js';
import { poll } from '../../build/transport/poll.js';
import { stream } from '../../build/transport/stream.js';
import { withGlobals } from './globals.mjs';
import { parse } from './relay.mjs';
import { seeded } from './virtual.mjs';

const at = { relay: 'https://relay.test', socket: 'abc' };

/** An exchange that keeps its requests. */
function keeper() {
  const requests = [];
  const exchange = (request, done) => {
    requests.push({ ...request, done });
    return () => 'cancelled';
  };
  return { exchange, requests };
}

/** The request of a send, and what it says. */
function sent(way, ...frames) {
  const { exchange, requests } = keeper();
  const all = frames.map((frame, i) => ({
    number: 7 + i,
    more: false,
    whole: true,
    size: frame.data.length,
    ...frame,
  }));
  const cancel = way(exchange).send(at, all, 3, () => {});
  assert.equal(cancel(), 'cancelled');
  const [request] = requests;
  const said = parse(request);
  assert.equal(said.wrong, '');
  assert.equal(request.url, 'https://relay.test/s/abc');
  assert.deepEqual([said.n, said.ack, said.params.status, request.post], [7, 3, '200', true]);
  return { request, said };
}

test('a batch has whole messages and the close in one body', () => {
  const { request, said } = sent(
    batches,
    { kind: 't', data: 'é😀' },
    { kind: 'b', data: Uint8Array.of(1, 2) },
    { kind: 't', data: '' },
    { kind: 'c', data: 'bye', code: 3000 },
  );
  assert.deepEqual(said.params.t, 'f');
  assert.equal('m' in said.params, false);
  assert.deepEqual(
    said.frames.map(({ kind, data, code, reason }) =>
      kind === 'c' ? [code, reason] : [kind, data.toString('latin1')],
    ),
    [
      ['t', Buffer.from('é😀').toString('latin1')],
      ['b', '\x01\x02'],
      ['t', ''],
      [3000, 'bye'],
    ],
  );
  assert.ok(request.body instanceof ArrayBuffer);
});

test('a part goes alone, and says that it goes on', () => {
  const buffer = Uint8Array.of(9, 1, 2, 9);
  for (const more of [true, false]) {
    const text = sent(batches, { kind: 't', data: 'é', more, whole: false });
    assert.deepEqual([text.said.params.t, text.said.params.m], ['t', more ? '1' : undefined]);
    assert.deepEqual(text.said.frames[0].data, Buffer.from('é'));
    const binary = sent(batches, { kind: 'b', data: buffer.subarray(1, 3), more, whole: false });
    assert.deepEqual([binary.said.params.t, binary.said.params.m], ['b', more ? '1' : undefined]);
    assert.deepEqual(binary.said.frames[0].data, Buffer.of(1, 2), 'and not what is beside it in its buffer');
  }
  const all = sent(batches, { kind: 'b', data: buffer, whole: false });
  assert.equal(all.request.body.byteLength, 4);
});

test('messages of more than 128 Ki units are cut, and no surrogate pair is', () => {
  const { cut, many } = batches(() => {});
  assert.equal(many, true);
  const k = 128 * 1024;
  assert.equal(cut({ kind: 't', data: '' }), 0);
  assert.equal(cut({ kind: 't', data: 'x'.repeat(k) }), k);
  assert.equal(cut({ kind: 't', data: 'x'.repeat(k + 1) }), k);
  assert.equal(cut({ kind: 'b', data: new Uint8Array(k + 1) }), k);
  assert.equal(cut({ kind: 't', data: '😀'.repeat(k) }), k);
  assert.equal(cut({ kind: 't', data: 'x' + '😀'.repeat(k) }), k - 1);
});

test('a part of which a URL is made has what is sent, whatever characters it has', () => {
  const texts = ['', 'a', ' &=+%#?/', 'é€😀', '\0\r\n', '%41', "-_.!~*'()"];
  for (const data of texts) {
    for (const more of [true, false]) {
      const { said, request } = sent(parts, { kind: 't', data, more });
      assert.deepEqual([said.params.t, said.frames[0].data.toString()], ['t', data]);
      assert.deepEqual([said.params.m, request.body], [more ? '1' : undefined, undefined]);
    }
  }
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let length = 0; length < 6; length++) {
    const { said } = sent(parts, { kind: 'b', data: bytes.subarray(250 - length, 250) });
    assert.deepEqual([said.params.t, said.frames[0].data], ['b', Buffer.from(bytes.subarray(250 - length, 250))]);
  }
});

test('a close in a URL has its code and its reason, or neither', () => {
  const close = (code, data) => sent(parts, { kind: 'c', code, data }).said;
  assert.deepEqual(close(3000, 'bye & é').frames[0].reason, 'bye & é');
  assert.deepEqual(close(1000, '').params.code, '1000');
  const none = close(1005, '').params;
  assert.deepEqual(['code' in none, 'reason' in none], [false, false]);
});

for (const [name, documentMode, room, whole] of [
  ['a browser', undefined, 7000, 8192],
  ['IE', 8, 1600, 2083],
]) {
  test(`a part leaves its URL as long as ${name} and those behind it take, and is no shorter than it has to be`, (t) => {
    withGlobals(t, { document: { documentMode } });
    const { exchange, requests } = keeper();
    const { cut, send, many } = parts(exchange);
    assert.equal(many, false);
    const chance = seeded(5);
    const alphabet = ['a', '-', ' ', '%', 'é', '€', '😀', "'"];
    for (let run = 0; run < 60; run++) {
      const letters = chance.happens(0.5) ? [chance.pick(alphabet)] : alphabet;
      const text = Array.from({ length: 8000 }, () => chance.pick(letters)).join('');
      const binary = new Uint8Array(9000).fill(255);
      for (const frame of [
        { kind: 't', data: text },
        { kind: 'b', data: binary },
      ]) {
        const length = cut(frame);
        const data = frame.kind === 't' ? text.slice(0, length) : binary.subarray(0, length);
        assert.ok(length > 0 && length < frame.data.length);
        if (frame.kind === 't') assert.equal(encodeURIComponent(data).length, encodedLength(data)); // it throws for half a pair
        send(
          at,
          [{ ...frame, data, number: 999_999_999, more: true, whole: false, size: length }],
          999_999_999,
          () => {},
        );
        const { url, params } = requests.at(-1);
        const d = /d=([^&]*)/.exec(params)[1];
        assert.ok(d.length <= room && d.length > room - 12, `${d.length} characters`);
        assert.ok(`${url}?${params}&cb=polysocket_1234567890_1234`.length <= whole);
      }
    }
    assert.equal(cut({ kind: 't', data: '' }), 0);
    assert.equal(cut({ kind: 't', data: 'short' }), 5);
    assert.equal(cut({ kind: 'b', data: new Uint8Array(5) }), 5);
  });
}

function encodedLength(text) {
  return encodeURIComponent(text).length;
}

test('a request has time for the answer that the relay may hold for 10 s, and for its bytes', () => {
  for (const way of [batches, parts]) {
    const small = sent(way, { kind: 't', data: 'a' }).request.timeout;
    const large = sent(way, { kind: 't', data: 'x'.repeat(6000) }).request.timeout;
    assert.ok(small > 15_000, `${small} ms`);
    assert.ok(large - small >= 500, 'some KiB take time over a poor link');
  }
});

// Polling.

function polled(status, body) {
  const { exchange, requests } = keeper();
  const told = [];
  poll(exchange).read(at, 4, 20_000, 15_000, {
    received: (seq, frames) => told.push(['received', seq, frames.map(({ data }) => data)]),
    done: (answer) => told.push(['done', answer.status, answer.body?.error]),
  });
  requests[0].done({ status, body });
  return { told, request: requests[0] };
}

test('a poll says what has come, and how long the relay may wait', () => {
  const { request } = polled(0, null);
  assert.equal(request.url, 'https://relay.test/j/abc');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request.params)), { a: '4', ttl: '20000', status: '200' });
  assert.equal(!!request.post, false);
  assert.ok(request.timeout > 20_000);
});

test('a poll that is hurried lets the relay wait for nothing, and it is asked each time', () => {
  const { exchange, requests } = keeper();
  let hurried = true;
  const { read } = poll(exchange, () => hurried);
  const ttl = () => {
    read(at, 0, 20_000, 15_000, {});
    return Number(new URLSearchParams(requests.at(-1).params).get('ttl'));
  };
  assert.equal(ttl(), 0);
  assert.ok(requests[0].timeout >= 5000, 'but the network needs its time');
  hurried = false;
  assert.equal(ttl(), 20_000);
});

test('an answer brings messages, and is over', () => {
  const body = {
    ok: true,
    seq: 5,
    messages: [{ type: 'text', data: 'a' }, { type: 'heartbeat' }, { type: 'text', data: 'b' }],
  };
  assert.deepEqual(polled(200, body).told, [
    ['received', 5, ['a', 'b']],
    ['done', 200, undefined],
  ]);
});

test('an answer that is none of a relay brings nothing, and is a failure', () => {
  for (const body of [
    null,
    'a page',
    {},
    { ok: true },
    { ok: true, seq: 1, messages: [{ type: 'text', data: 'a' }, { type: 'new' }] },
  ]) {
    const { told } = polled(200, body);
    assert.equal(told.length, 1);
    assert.deepEqual(told[0].slice(0, 2), ['done', 0]);
    assert.equal(typeof told[0][2], 'string');
  }
});

test('another answer is passed on as it is', () => {
  assert.deepEqual(polled(403, { ok: false, code: 'no_socket', error: 'no such socket' }).told, [
    ['done', 403, 'no such socket'],
  ]);
});

// Streams.

test('a stream that ends inside a message, or before its first bytes, was cut; and one of another type is none', () => {
  const headers = { 'Content-Type': 'application/octet-stream', 'Polysocket-Seq': '5' };
  const ping = [0x89, 4, 1, 2, 3, 4];
  for (const [bytes, status, got] of [
    [ping, 200, []],
    [[...ping, 0x81, 1, 97], 200, [[5, 'a']]],
    [[...ping, 0x81, 2, 97], 0, []],
    [[], 0, []],
  ]) {
    const told = [];
    const flow = (request, on) => {
      assert.equal(`${request.url}?${request.params}`, 'https://relay.test/x/abc?a=4&hb=15000');
      on.begun((name) => headers[name] ?? null);
      if (bytes.length) on.bytes(Uint8Array.from(bytes));
      on.done({ status: 200, body: null });
    };
    stream(flow).read(at, 4, 20_000, 15_000, {
      asked() {},
      alive() {},
      received: (seq, frames) => told.push([seq, frames[0].data]),
      done: (answer) => assert.equal(answer.status, status),
    });
    assert.deepEqual(told, got);
  }
  for (const wrong of [{ 'Content-Type': 'text/html' }, { 'Polysocket-Seq': '' }, { 'Polysocket-Seq': '0' }]) {
    const flow = (_, on) => assert.throws(() => on.begun((name) => ({ ...headers, ...wrong })[name]), /is no/);
    stream(flow).read(at, 4, 20_000, 15_000, { asked() {} });
  }
});
