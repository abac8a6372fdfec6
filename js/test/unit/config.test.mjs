import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configure } from '../../build/config.js';
import { withGlobals } from './globals.mjs';

const router = 'https://relay.test';
const native = class {};

/** A page, as far as addresses go: an anchor resolves what it is given against the page's. */
function page(t, base, extra = {}) {
  withGlobals(t, {
    document: {
      createElement() {
        let href = '';
        return {
          get href() {
            return new URL(href, base).href;
          },
          set href(value) {
            href = value;
          },
        };
      },
      ...extra,
    },
  });
}

test('what is left out has a default', () => {
  const config = configure({ router }, native);
  assert.deepEqual(config, {
    routers: [router],
    rota: config.rota,
    token: undefined,
    transports: ['websocket', 'stream', 'sse', 'xhr', 'jsonp'],
    timeout: config.timeout,
    native,
  });
  assert.ok(config.timeout > 10_000, 'a target has 10 s to open (create.target_timeout)');
});

test('what is given is taken', () => {
  const token = () => 'x';
  const config = configure({ router, token, transports: ['jsonp', 'websocket'], timeout: 1 }, undefined);
  assert.deepEqual(
    [config.token, config.transports, config.timeout, config.native],
    [token, ['jsonp', 'websocket'], 1, undefined],
  );
  assert.equal(configure({ router, token: '' }).token, '');
});

test('routers are base URLs, without a slash at their end, and any of them is the first', () => {
  assert.deepEqual(configure({ router: 'HTTP://a.test:81/base//' }).routers, ['HTTP://a.test:81/base']);
  const list = ['https://a.test', 'https://b.test/', 'https://c.test'];
  const turns = new Set();
  for (let i = 0; i < 200; i++) {
    const config = configure({ router: list });
    assert.deepEqual(config.routers, ['https://a.test', 'https://b.test', 'https://c.test']);
    const order = config.rota.next(0);
    assert.deepEqual(order.slice().sort(), config.routers);
    turns.add(order[0]);
  }
  assert.deepEqual([...turns].sort(), ['https://a.test', 'https://b.test', 'https://c.test']);
  assert.deepEqual(list[1], 'https://b.test/', 'the list of the caller is its own');
});

test('a router may be relative to the page', (t) => {
  page(t, 'https://app.test/some/page.html');
  assert.deepEqual(configure({ router: '/polysocket/' }).routers, ['https://app.test/polysocket']);
  assert.deepEqual(configure({ router: '//other.test' }).routers, ['https://other.test']);
  assert.deepEqual(configure({ router: 'https://a.test' }).routers, ['https://a.test']);
});

test('where there is none it is the place that the script came from', async (t) => {
  const places = {
    'https://cdn.test/a/polysocket.js': 'https://cdn.test/a',
    'https://cdn.test/polysocket.min.js?v=1#x': 'https://cdn.test',
    'https://cdn.test/bundle.js': null,
    'https://cdn.test/notpolysocket.js': null,
    'file:///tmp/polysocket.js': null,
  };
  for (const [src, place] of Object.entries(places)) {
    page(t, 'https://app.test/', { currentScript: { src } });
    const fresh = await import(`../../build/config.js?src=${encodeURIComponent(src)}`);
    page(t, 'https://app.test/', { currentScript: null });
    if (place) assert.deepEqual(fresh.configure(undefined).routers, [place], src);
    else
      assert.throws(() => fresh.configure(undefined), { name: 'TypeError', message: /^polysocket: router is missing/ });
  }
});

const wrongs = {
  'a router that is missing': [
    {},
    /^polysocket: router is missing: say where it is, as router: 'https:\/\/relay\.example\.com'$/,
  ],
  'a list of none': [{ router: [] }, /^polysocket: router is empty/],
  'no router at all': [{ router: null }, /^polysocket: router is empty/],
  'an empty router': [{ router: '' }, /^polysocket: router '' is no base URL/],
  'a router of another scheme': [
    { router: 'wss://relay.test' },
    /router 'wss:\/\/relay\.test' is no base URL: give it as/,
  ],
  'a router without a scheme': [{ router: 'relay.test' }, /router 'relay\.test' is no base URL/],
  'a router without a host': [{ router: 'https:///x' }, /is no base URL/],
  'a router with a query': [{ router: 'https://relay.test/?a=b' }, /without \? and #$/],
  'a router with a fragment': [{ router: 'https://relay.test/#a' }, /without \? and #$/],
  'one bad router of many': [{ router: [router, 'ftp://relay.test'] }, /router 'ftp:\/\/relay\.test' is no base URL/],
  'a timeout that is no number': [
    { router, timeout: '10' },
    /^polysocket: timeout is 10: give it milliseconds, as \d+$/,
  ],
  'a timeout of nothing': [{ router, timeout: 0 }, /^polysocket: timeout is 0/],
  'a negative timeout': [{ router, timeout: -1 }, /^polysocket: timeout is -1/],
  'a timeout that is NaN': [{ router, timeout: NaN }, /^polysocket: timeout is NaN/],
  'a token that is a number': [{ router, token: 7 }, /^polysocket: token is a number: give it a string, or a function/],
  'a token that is null': [{ router, token: null }, /^polysocket: token is a object/],
  'a transport of no name': [{ router, transports: ['xhr', ''] }, /^polysocket: transport '' is unknown/],
  'a transport that is unknown': [
    { router, transports: ['carrier-pigeon'] },
    /^polysocket: transport 'carrier-pigeon' is unknown: there are websocket, stream, sse, xhr, jsonp$/,
  ],
  'two transports in one name': [
    { router, transports: ['websocket', 'xhr jsonp'] },
    /^polysocket: transport 'xhr jsonp' is unknown/,
  ],
  'a name that objects have': [
    { router, transports: ['constructor'] },
    /^polysocket: transport 'constructor' is unknown/,
  ],
  'no transport': [{ router, transports: [] }, /^polysocket: transports is empty: give it some of websocket, stream/],
};

for (const [name, [options, message]] of Object.entries(wrongs)) {
  test(`${name} is a TypeError that says what would be right`, () => {
    assert.throws(() => configure(options, native), { name: 'TypeError', message });
  });
}

test('a timeout that no timer can take does not run out at once', () => {
  for (const timeout of [Infinity, 2 ** 31]) {
    let config;
    try {
      config = configure({ router, timeout }, native);
    } catch (e) {
      assert.match(e.message, /^polysocket: timeout is/);
      continue;
    }
    assert.ok(config.timeout < 2 ** 31, `${config.timeout} ms run out after 1 ms`);
  }
});
