// Flows: requests whose responses are used while they come, by fetch and by XMLHttpRequest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { events, eventsMissing } from '../../build/http/events.js';
import { fetchFlow, fetchFlows, flow, xhrFlow, xhrFlows } from '../../build/http/flow.js';
import { withGlobals } from './globals.mjs';

const request = { url: 'https://relay.test/x/abc', params: 'a=1&hb=15000' };

/** A listener that writes down what it is told. */
function listener({ strange } = {}) {
  const told = [];
  return {
    told,
    begun(header) {
      told.push(['begun', header('Content-Type'), header('Nothing')]);
      if (strange === 'header') throw new Error('it is none of ours');
    },
    bytes(bytes) {
      told.push(Buffer.from(bytes).toString('latin1'));
      if (strange === 'bytes') throw new Error('a mask');
    },
    done: (answer) => told.push(answer),
  };
}

/** Ways to have a flow, of which a response is in the test's hands. */
const ways = {
  fetch(t) {
    const way = { flow: fetchFlow, sent: null, aborted: false };
    let write, answered;
    withGlobals(t, {
      fetch: (url, init) => {
        way.sent = { url, method: init.method ?? 'GET', headers: init.headers ?? {}, body: init.body ?? null };
        way.init = init;
        init.signal.onabort = () => (way.aborted = true);
        return new Promise((resolve, reject) => (answered = { resolve, reject }));
      },
    });
    way.begins = (status, headers) => {
      const body = new ReadableStream({ start: (controller) => (write = controller) });
      answered.resolve(new Response(body, { status, headers }));
      return turn();
    };
    way.writes = (text) => (write.enqueue(Buffer.from(text, 'latin1')), turn());
    way.ends = () => (write.close(), turn());
    way.breaks = () => (write ? write.error(new Error('cut')) : answered.reject(new Error('refused')), turn());
    way.max = '';
    return way;
  },
  xhr(t) {
    const way = { flow: xhrFlow, sent: null, aborted: false };
    let x;
    withGlobals(t, {
      XMLHttpRequest: class {
        readyState = 0;
        status = 0;
        responseText = '';
        constructor() {
          x = this;
          way.sent = { headers: {} };
        }
        overrideMimeType(type) {
          assert.equal(type, 'text/plain; charset=x-user-defined');
        }
        open(method, url) {
          Object.assign(way.sent, { method, url });
        }
        setRequestHeader(name, value) {
          way.sent.headers[name] = value;
        }
        send(body) {
          way.sent.body = body;
        }
        abort() {
          way.aborted = true;
        }
        getResponseHeader(name) {
          return way.headers[name] ?? null;
        }
      },
    });
    const shows = (state, status) => {
      Object.assign(x, { readyState: state, status });
      x.onreadystatechange?.();
      return turn();
    };
    let status = 0;
    way.begins = (code, headers) => {
      way.headers = headers;
      return shows(2, (status = code));
    };
    // The engine makes each byte from 0x80 on a character from U+F780 on.
    way.writes = (text) => {
      x.responseText += text.replace(/[\x80-\xff]/g, (c) => String.fromCharCode(0xf700 + c.charCodeAt(0)));
      return shows(3, status);
    };
    way.ends = () => shows(4, status);
    way.breaks = () => shows(4, 0);
    way.max = '&max=1024';
    return way;
  },
};

const type = { 'Content-Type': 'application/octet-stream' };

for (const [name, make] of Object.entries(ways)) {
  test(`${name}: what comes is told as it comes, byte by byte as it is`, async (t) => {
    const way = make(t);
    const on = listener();
    way.flow(request, on);
    assert.deepEqual(way.sent, {
      url: `${request.url}?${request.params}${way.max}`,
      method: 'GET',
      headers: {},
      body: null,
    });
    await way.begins(200, type);
    await way.writes('a\x00\xff');
    await way.writes('\x80b');
    await way.ends();
    assert.deepEqual(on.told, [
      ['begun', 'application/octet-stream', null],
      'a\x00\xff',
      '\x80b',
      { status: 200, body: null },
    ]);
  });

  test(`${name}: a POST is a form`, async (t) => {
    const way = make(t);
    way.flow({ ...request, post: true }, listener());
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    assert.deepEqual(way.sent, { url: request.url, method: 'POST', headers, body: request.params + way.max });
  });

  test(`${name}: another status is told with its JSON, and none of its bytes`, async (t) => {
    for (const [text, body] of [
      ['{"ok":false,"code":"no_socket","error":"\xc3\xa9"}', { ok: false, code: 'no_socket', error: 'é' }],
      ['<html>', null],
    ]) {
      const way = make(t);
      const on = listener();
      way.flow(request, on);
      await way.begins(403, { 'Content-Type': 'application/json' });
      await way.writes(text);
      await way.ends();
      assert.deepEqual(on.told, [{ status: 403, body }]);
    }
  });

  test(`${name}: what breaks has failed, before its beginning and after`, async (t) => {
    const refused = make(t);
    const first = listener();
    refused.flow(request, first);
    await refused.breaks();
    assert.deepEqual(first.told, [{ status: 0, body: null }]);
    const cut = make(t);
    const second = listener();
    cut.flow(request, second);
    await cut.begins(200, type);
    await cut.writes('a');
    await cut.breaks();
    assert.deepEqual(second.told.slice(1), ['a', { status: 0, body: null }]);
  });

  test(`${name}: what is not what was asked for is taken back, and says why`, async (t) => {
    for (const strange of ['header', 'bytes']) {
      const way = make(t);
      const on = listener({ strange });
      way.flow(request, on);
      await way.begins(200, type);
      await way.writes('a');
      assert.deepEqual(on.told.at(-1), {
        status: 0,
        body: { error: strange === 'header' ? 'it is none of ours' : 'a mask' },
      });
      assert.equal(way.aborted, true);
      assert.equal(on.told.filter((told) => told.status === 0).length, 1);
    }
  });

  test(`${name}: after the cancel nothing is told`, async (t) => {
    const way = make(t);
    const on = listener();
    const cancel = way.flow(request, on);
    await way.begins(200, type);
    await way.writes('a');
    const before = on.told.length;
    cancel();
    cancel();
    assert.equal(way.aborted, true);
    await way.writes('b');
    await way.breaks();
    assert.equal(on.told.length, before);
  });
}

test('fetch: no cookies are sent, and nothing is kept', (t) => {
  const way = ways.fetch(t);
  way.flow(request, listener());
  assert.deepEqual([way.init.credentials, way.init.cache], ['omit', 'no-store']);
});

test('where fetch shows nothing as it comes, or takes nothing back, it is XMLHttpRequest', async (t) => {
  assert.equal(fetchFlows(), true);
  for (const missing of ['fetch', 'AbortController', 'ReadableStream', 'Response']) {
    const { sent } = ways.xhr(t);
    assert.equal(sent, null);
    withGlobals(t, { [missing]: undefined });
    assert.deepEqual([fetchFlows(), xhrFlows()], [false, true]);
    let opened = false;
    globalThis.XMLHttpRequest.prototype.open = () => (opened = true);
    flow(request, listener());
    assert.equal(opened, true);
  }
});

test('a flow that the page may not make has failed, and that is told later', async (t) => {
  for (const [name, throws] of [
    [
      fetchFlow,
      {
        fetch: () => {
          throw new Error('it may not');
        },
      },
    ],
    [
      xhrFlow,
      {
        XMLHttpRequest: class {
          overrideMimeType() {}
          open() {
            throw new Error('it may not');
          }
        },
      },
    ],
  ]) {
    withGlobals(t, throws);
    const on = listener();
    name(request, on);
    assert.deepEqual(on.told, []);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(on.told, [{ status: 0, body: null }]);
  }
});

test('an EventSource is closed when it fails, and does not reconnect by itself', (t) => {
  const sources = [];
  withGlobals(t, {
    EventSource: class {
      constructor(url) {
        sources.push(Object.assign(this, { url, closed: 0 }));
      }
      close() {
        this.closed++;
      }
    },
  });
  assert.equal(eventsMissing(), false);
  const told = [];
  const cancel = events('https://relay.test/e/abc?a=1', {
    event: (...event) => told.push(event),
    ended: () => told.push('ended'),
  });
  const [source] = sources;
  source.onmessage({ data: '{}', lastEventId: '7' });
  source.onerror({});
  assert.deepEqual([told, source.closed, source.onmessage, source.onerror], [[['{}', '7'], 'ended'], 1, null, null]);
  cancel();
  withGlobals(t, { EventSource: undefined });
  assert.equal(eventsMissing(), true);
});
