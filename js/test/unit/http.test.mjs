import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beacon, beaconRoom } from '../../build/http/beacon.js';
import { answerOf, query, sentence, upTimeout } from '../../build/http/exchange.js';
import { pageLoads, script, scriptMissing } from '../../build/http/script.js';
import { xhr, xhrMissing } from '../../build/http/xhr.js';
import { newPage } from './beacons.mjs';
import { withGlobals } from './globals.mjs';
import { virtualClock } from './virtual.mjs';

const request = { url: 'https://relay.test/s/abc', params: 'a=1&status=200', timeout: 10_000 };

/** The engine's timers, on virtual time. */
function timers(t) {
  const clock = virtualClock();
  withGlobals(t, {
    setTimeout: (run, milliseconds) => clock.after(milliseconds, run),
    clearTimeout: (cancel) => cancel && cancel(),
  });
  return clock;
}

// What exchanges have in common.

test('parameters are written as a query has them, without those that are undefined', () => {
  assert.equal(query({ a: 1, b: undefined, c: 'x y&=é', d: '' }), 'a=1&c=x%20y%26%3D%C3%A9&d=');
  assert.equal(query({}), '');
});

test('what a page has added to all objects is no parameter', (t) => {
  t.after(() => delete Object.prototype.added);
  Object.prototype.added = 'x';
  assert.equal(query({ a: 1 }), 'a=1');
});

test('the true status is in the body, where an answer came at all', () => {
  assert.equal(answerOf(200, { status: 403 }).status, 403);
  assert.equal(answerOf(200, { status: '403' }).status, 200);
  assert.equal(answerOf(200, null).status, 200);
  assert.equal(answerOf(0, { status: 403 }).status, 0);
});

test('every answer has a sentence for a person', () => {
  assert.equal(sentence({ status: 403, body: { error: 'no such socket' } }), 'no such socket');
  assert.equal(sentence({ status: 502, body: null }), 'the answer has status 502 and is not one of polysocket');
  assert.equal(sentence({ status: 200, body: { error: 7 } }), 'the answer has status 200 and is not one of polysocket');
  assert.equal(sentence({ status: 0, body: null }), 'the request failed');
  assert.equal(sentence({ status: 0, body: null, late: true }), 'no answer came in time');
});

test('a request up has time for an answer that is withheld, and for its bytes', () => {
  assert.ok(upTimeout(0) > 10_000);
  assert.ok(upTimeout(128 * 1024) - upTimeout(0) >= 10_000);
});

// XMLHttpRequest.

/** A fake of it, with what the exchange under test does to it. */
function fakeXHR(t, { throws } = {}) {
  const made = [];
  class XMLHttpRequest {
    readyState = 0;
    status = 0;
    responseText = '';
    withCredentials = false;
    headers = {};
    onreadystatechange = null;
    constructor() {
      made.push(this);
    }
    open(method, url, asynchronous) {
      if (throws) throw new Error('it may not');
      Object.assign(this, { method, url, asynchronous });
    }
    setRequestHeader(name, value) {
      this.headers[name] = value;
    }
    send(body) {
      this.body = body;
    }
    abort() {
      this.aborted = true;
      this.readyState = 4;
      this.onreadystatechange?.();
    }
    answers(status, text) {
      Object.assign(this, { status, responseText: text });
      for (const state of [2, 3, 4]) {
        this.readyState = state;
        this.onreadystatechange?.();
      }
    }
  }
  withGlobals(t, { XMLHttpRequest });
  return made;
}

/** An exchange by it, and what it tells. */
function exchanged(t, more = {}, how) {
  const clock = timers(t);
  const made = fakeXHR(t, how);
  const told = [];
  const cancel = xhr({ ...request, ...more }, (answer) => told.push(answer));
  return { clock, x: made[0], told, cancel };
}

test('a GET has its parameters in the query', (t) => {
  const { x } = exchanged(t);
  assert.deepEqual([x.method, x.url, x.asynchronous, x.body], ['GET', `${request.url}?${request.params}`, true, null]);
  assert.deepEqual([x.headers, x.withCredentials], [{}, false]);
});

test('a POST has them as a form; with a body in the query, and no Content-Type that a preflight is asked for', (t) => {
  const form = exchanged(t, { post: true }).x;
  assert.deepEqual([form.method, form.url, form.body], ['POST', request.url, request.params]);
  assert.deepEqual(form.headers, { 'Content-Type': 'application/x-www-form-urlencoded' });
  const body = new ArrayBuffer(3);
  const raw = exchanged(t, { post: true, body }).x;
  assert.deepEqual([raw.method, raw.url], ['POST', `${request.url}?${request.params}`]);
  assert.equal(raw.body, body);
  assert.deepEqual(raw.headers, {});
});

test('an answer is told once, with its JSON', (t) => {
  const { clock, x, told } = exchanged(t);
  x.answers(200, '{"ok":true,"status":201}');
  x.answers(200, '{"ok":true,"status":201}');
  clock.idle();
  assert.deepEqual(told, [{ status: 201, body: { ok: true, status: 201 } }]);
  const page = exchanged(t);
  page.x.answers(502, '<html>');
  assert.deepEqual(page.told, [{ status: 502, body: null }]);
  const none = exchanged(t);
  none.x.answers(0, '');
  assert.deepEqual(none.told, [{ status: 0, body: null }]);
});

test('its time runs out, and it is taken back', (t) => {
  const { clock, x, told } = exchanged(t);
  clock.run(9999);
  assert.deepEqual(told, []);
  clock.run(1);
  assert.deepEqual(told, [{ status: 0, body: null, late: true }]);
  assert.equal(x.aborted, true);
});

test('while an answer comes its time begins again', (t) => {
  const { clock, x, told } = exchanged(t);
  const arrives = (state) => {
    x.readyState = state;
    x.onreadystatechange();
  };
  clock.run(9000);
  arrives(2);
  arrives(3);
  clock.run(9000);
  arrives(3);
  clock.run(9999);
  assert.deepEqual(told, []);
  clock.run(1);
  assert.deepEqual(told, [{ status: 0, body: null, late: true }]);
  assert.equal(clock.pending(), 0);
});

test('after the cancel nothing is told, and its timer is gone', (t) => {
  const { clock, x, told, cancel } = exchanged(t);
  cancel();
  assert.deepEqual([x.aborted, clock.pending()], [true, 0]);
  x.answers(200, '{}');
  cancel();
  assert.deepEqual(told, []);
});

test('a cancel that comes too late does nothing', (t) => {
  const { x, told, cancel } = exchanged(t);
  x.answers(200, '{}');
  cancel();
  assert.deepEqual([x.aborted, told.length], [undefined, 1]);
});

test('one that the page may not make has failed, and that is told later', (t) => {
  const { clock, told } = exchanged(t, {}, { throws: true });
  assert.deepEqual(told, []);
  clock.idle();
  assert.deepEqual(told, [{ status: 0, body: null }]);
  const cancelled = exchanged(t, {}, { throws: true });
  cancelled.cancel();
  cancelled.clock.idle();
  assert.deepEqual(cancelled.told, []);
});

test('an XMLHttpRequest that reaches no other origin, or carries no bytes, is none', (t) => {
  fakeXHR(t);
  assert.equal(xhrMissing(), false);
  withGlobals(t, { XMLHttpRequest: class {} });
  assert.equal(xhrMissing(), true);
  withGlobals(t, { XMLHttpRequest: undefined });
  assert.equal(xhrMissing(), true);
  fakeXHR(t);
  withGlobals(t, { Uint8Array: undefined });
  assert.equal(xhrMissing(), true);
});

// Script elements.

/** A page that script elements are put into. */
function fakePage(t, { old = false, forbids = false } = {}) {
  const scripts = [];
  const head = {
    appendChild(element) {
      if (forbids) throw new Error('the policy forbids it');
      element.parentNode = head;
      scripts.push(element);
    },
    removeChild(element) {
      element.parentNode = null;
      scripts.splice(scripts.indexOf(element), 1);
    },
  };
  class Element {
    set onload(run) {
      if (run || this.$onload) this.$onload = run;
    }
    get onload() {
      return this.$onload;
    }
  }
  const document = old
    ? { createElement: () => new Element(), getElementsByTagName: () => [head] }
    : { createElement: () => ({ onload: null }), head };
  if (old) {
    // An element without onload: what is set is a property like any other.
    document.createElement = () => Object.create(null, { onload: { set() {}, enumerable: false, configurable: true } });
    const make = document.createElement;
    document.createElement = () => {
      const element = make();
      return new Proxy(element, { has: (target, name) => name !== 'onload' && name in target });
    };
  }
  withGlobals(t, { document });
  return scripts;
}

function scripted(t, more = {}, how = {}) {
  const clock = timers(t);
  const scripts = fakePage(t, how);
  const told = [];
  const before = new Set(Object.keys(globalThis));
  const lates = [];
  const cancel = script(
    { ...request, ...more },
    (answer) => told.push(answer),
    how.late && ((answer) => lates.push(answer)),
  );
  const element = scripts[0];
  const callback = element && new URL(element.src).searchParams.get('cb');
  const left = () => Object.keys(globalThis).filter((name) => !before.has(name) && name.startsWith('polysocket_'));
  return { clock, scripts, element, told, lates, cancel, callback, left, call: (body) => globalThis[callback](body) };
}

test('a script element is a GET with a callback of its own', (t) => {
  const { element, callback } = scripted(t, { post: true });
  assert.equal(element.src, `${request.url}?${request.params}&cb=${callback}`);
  assert.match(callback, /^[A-Za-z_$][A-Za-z0-9_$]*$/);
  assert.ok(callback.length <= 128);
  const { async: asynchronous, referrerPolicy, charset, fetchPriority } = element;
  assert.deepEqual([asynchronous, referrerPolicy, charset, fetchPriority], [true, 'origin', 'utf-8', 'high']);
  assert.notEqual(scripted(t).callback, callback);
});

test('what it is called with is the answer, and nothing is left of it', (t) => {
  const { clock, scripts, element, told, call, left } = scripted(t);
  call({ ok: false, status: 403, code: 'no_socket' });
  assert.deepEqual(told, [{ status: 403, body: { ok: false, status: 403, code: 'no_socket' } }]);
  element.onload();
  assert.deepEqual([told.length, scripts, left(), clock.pending()], [1, [], [], 0]);
});

test('a script that was loaded and has not called, or was not loaded, has failed', (t) => {
  for (const event of ['onload', 'onerror']) {
    const { element, told, scripts, left } = scripted(t);
    element[event]();
    assert.deepEqual([told, scripts, left()], [[{ status: 0, body: null }], [], []]);
  }
});

test('its time runs out; and what comes afterwards finds its callback, and is not told', (t) => {
  const { clock, told, call, element, left } = scripted(t);
  clock.run(10_000);
  assert.deepEqual(told, [{ status: 0, body: null, late: true }]);
  call({ ok: true });
  element.onload();
  assert.deepEqual([told.length, left()], [1, []]);
});

test('after the cancel nothing is told, and what comes finds its callback', (t) => {
  const { clock, told, cancel, call, element, left } = scripted(t);
  cancel();
  assert.equal(clock.pending(), 0);
  call({ ok: true });
  element.onload();
  clock.idle();
  assert.deepEqual([told, left()], [[], []]);
});

test('after the cancel who asks for it is told late, since a script cannot be stopped', (t) => {
  const { clock, told, lates, cancel, call, element, left } = scripted(t, {}, { late: true });
  cancel();
  cancel();
  call({ ok: true, status: 201 });
  element.onload();
  clock.idle();
  assert.deepEqual([told, lates, left()], [[], [{ status: 201, body: { ok: true, status: 201 } }], []]);
});

test('what was answered, failed or ran out is not told late', (t) => {
  const ends = [({ call }) => call({ ok: true }), ({ element }) => element.onerror(), ({ clock }) => clock.run(10_000)];
  for (const end of ends) {
    const all = scripted(t, {}, { late: true });
    end(all);
    all.cancel();
    if (all.left().length) all.call({ ok: true });
    all.element.onload?.();
    assert.deepEqual([all.told.length, all.lates, all.left()], [1, [], []]);
  }
});

test('where IE tells that a script was loaded it may not have run yet', (t) => {
  const { clock, element, told, call } = scripted(t, {}, { old: true });
  element.readyState = 'loading';
  element.onreadystatechange();
  element.readyState = 'loaded';
  element.onreadystatechange();
  clock.run(20);
  call({ ok: true, status: 201 });
  clock.run(100);
  assert.deepEqual(told, [{ status: 201, body: { ok: true, status: 201 } }]);
  const failing = scripted(t, {}, { old: true });
  failing.element.readyState = 'complete';
  failing.element.onreadystatechange();
  failing.clock.run(50);
  assert.deepEqual(failing.told, [{ status: 0, body: null }]);
});

test('a script that the page may not have has failed, and that is told later', (t) => {
  const { clock, told } = scripted(t, {}, { forbids: true });
  assert.deepEqual(told, []);
  clock.run(0);
  assert.deepEqual(told, [{ status: 0, body: null }]);
});

test('a page loads until it is complete', (t) => {
  for (const [readyState, loads] of [
    ['loading', true],
    ['interactive', true],
    ['complete', false],
  ]) {
    withGlobals(t, { document: { readyState } });
    assert.equal(pageLoads(), loads);
  }
});

test('without a page there are no script elements', (t) => {
  fakePage(t);
  assert.equal(scriptMissing(), false);
  withGlobals(t, { document: {} });
  assert.equal(scriptMissing(), true);
  withGlobals(t, { document: undefined });
  assert.equal(scriptMissing(), true);
});

// Beacons.

/** A page with what is given of fetch, sendBeacon and Image, and what it has sent. */
function senders(t, { fetch, keepalive = true, sendBeacon, image = true }) {
  const sent = [];
  class Request {}
  if (keepalive) Request.prototype.keepalive = false;
  withGlobals(t, {
    Request,
    fetch:
      fetch &&
      ((url, init) => {
        sent.push(['fetch', url, init]);
        return fetch();
      }),
    navigator: sendBeacon && {
      sendBeacon: (url, body) => {
        sent.push(['sendBeacon', url, body]);
        return sendBeacon(body);
      },
    },
    Image: image
      ? class {
          set src(url) {
            sent.push(['image', url]);
          }
        }
      : undefined,
  });
  return sent;
}

const at = 'https://relay.test/s/abc';
const body = new ArrayBuffer(4);

test('a beacon is a fetch that outlives its page, without credentials, and its failure is nobody’s', async (t) => {
  newPage();
  const sent = senders(t, { fetch: () => Promise.reject(new Error('no')), sendBeacon: () => true });
  assert.equal(beacon(at, 't=f', body), true);
  assert.equal(beacon(at, 't=c'), true);
  const init = { method: 'POST', keepalive: true, credentials: 'omit' };
  assert.deepEqual(sent, [
    ['fetch', `${at}?t=f`, { ...init, body }],
    ['fetch', `${at}?t=c`, { ...init, body: undefined }],
  ]);
  await null; // a rejection that nobody handles would fail the test
  await null;
});

test('where fetch cannot outlive its page, or is not there, it is sendBeacon', (t) => {
  newPage();
  for (const page of [{ fetch: () => Promise.resolve(), keepalive: false }, {}]) {
    const sent = senders(t, { ...page, sendBeacon: () => true });
    assert.equal(beacon(at, 't=f', body), true);
    assert.deepEqual(sent, [['sendBeacon', `${at}?t=f`, body]]);
  }
});

test('where there is neither it is an image, unless it has a body', (t) => {
  newPage();
  const sent = senders(t, {});
  assert.equal(beacon(at, 't=c&code=1001'), true);
  assert.equal(beacon(at, 't=f', body), false);
  assert.deepEqual(sent, [['image', `${at}?t=c&code=1001&cb=polysocket`]]);
});

test('what the page may not send that way goes by an image, unless it has a body', (t) => {
  newPage();
  const throws = () => {
    throw new TypeError('the policy forbids it');
  };
  for (const page of [{ sendBeacon: () => false }, { sendBeacon: throws }, { fetch: throws }]) {
    const sent = senders(t, page);
    assert.equal(beacon(at, 't=c'), true);
    assert.deepEqual(sent.at(-1), ['image', `${at}?t=c&cb=polysocket`]);
    assert.equal(beacon(at, 't=f', body), false);
    assert.deepEqual(sent.filter(([how]) => how === 'image').length, 1);
  }
});

test('where there is nothing at all it is not sent, and nothing is thrown', (t) => {
  newPage();
  senders(t, { image: false });
  assert.equal(beacon(at, 't=c'), false);
});

test('all beacons of a page share what the standard allows, and those without a body need none of it', (t) => {
  for (const page of [{ fetch: () => Promise.resolve() }, { sendBeacon: () => true }]) {
    newPage();
    const sent = senders(t, page);
    const room = beaconRoom();
    assert.ok(room > 32 * 1024 && room <= 64 * 1024);
    assert.equal(beacon(at, 't=f', new ArrayBuffer(room + 1)), false);
    assert.equal(beacon(at, 't=f', new ArrayBuffer(room - 10)), true);
    assert.equal(beaconRoom(), 10);
    assert.equal(beacon(at, 't=f', new ArrayBuffer(11)), false);
    assert.equal(beacon(at, 't=f', new ArrayBuffer(10)), true);
    assert.equal(beacon(at, 't=f', new ArrayBuffer(1)), false);
    assert.equal(beacon(at, 't=c'), true);
    assert.equal(sent.length, 3);
  }
});

test('what could not be sent takes no room', (t) => {
  newPage();
  const room = beaconRoom();
  for (const page of [{ sendBeacon: () => false }, {}]) {
    senders(t, page);
    beacon(at, 't=f', body);
    assert.equal(beaconRoom(), room);
  }
});
