import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTarget, withoutUser } from '../../build/url.js';
import { withGlobals } from './globals.mjs';

const machine = { URL };

/** Engines: those that have URL, and those of before, in which an anchor knows http, as browsers do. */
const engines = {
  URL: (t, page) => withGlobals(t, { document: { baseURI: page } }),
  'an anchor': (t, page) =>
    withGlobals(t, { URL: undefined, document: { baseURI: page, createElement: () => anchor(page) } }),
  'an anchor of IE': (t, page) =>
    withGlobals(t, { URL: undefined, document: { baseURI: page, createElement: () => anchor(page, true) } }),
};

/** An anchor resolves what it is given; that of IE only when it has been asked for once. */
function anchor(page, lazy = false) {
  let given = '';
  let asked = !lazy;
  const resolve = () => {
    try {
      return new machine.URL(given, page).href;
    } catch {
      return given; // as browsers give back what is no URL
    }
  };
  return {
    set href(value) {
      given = value;
    },
    get href() {
      const href = asked ? resolve() : given;
      asked = true;
      return href;
    },
  };
}

const page = 'https://app.test:8443/some/page.html?q#f';

/** What is given, its URL, and its origin. */
const good = [
  ['ws://a.test', 'ws://a.test/', 'ws://a.test'],
  ['wss://a.test/b?c=d', 'wss://a.test/b?c=d', 'wss://a.test'],
  ['WSS://A.Test/B', 'wss://a.test/B', 'wss://a.test'],
  ['ws://a.test:80/', 'ws://a.test/', 'ws://a.test'],
  ['wss://a.test:443/', 'wss://a.test/', 'wss://a.test'],
  ['ws://a.test:443/', 'ws://a.test:443/', 'ws://a.test:443'],
  ['wss://a.test:8080/x/../y', 'wss://a.test:8080/y', 'wss://a.test:8080'],
  ['http://a.test/', 'ws://a.test/', 'ws://a.test'],
  ['https://a.test/', 'wss://a.test/', 'wss://a.test'],
  ['HTTPS://a.test/', 'wss://a.test/', 'wss://a.test'],
  ['/chat', 'wss://app.test:8443/chat', 'wss://app.test:8443'],
  ['chat', 'wss://app.test:8443/some/chat', 'wss://app.test:8443'],
  ['?x', 'wss://app.test:8443/some/page.html?x', 'wss://app.test:8443'],
  ['//b.test/chat', 'wss://b.test/chat', 'wss://b.test'],
  ['  ws://a.test/\n', 'ws://a.test/', 'ws://a.test'],
  ['ws://user:pass@a.test/', 'ws://user:pass@a.test/', 'ws://a.test'],
  ['ws://[::1]:9/', 'ws://[::1]:9/', 'ws://[::1]:9'],
  ['ws://a.test/é?ü', 'ws://a.test/%C3%A9?%C3%BC', 'ws://a.test'],
  ['ws://a.test/x@y?z@w', 'ws://a.test/x@y?z@w', 'ws://a.test'],
];

/** What is given, and the sentence that says what is wrong. */
const bad = [
  ['ws://a.test/#x', /^The URL contains a fragment identifier \('x'\)\. Remove it\.$/],
  ['ws://a.test/#', /^The URL contains a fragment identifier \(''\)\. Remove it\.$/],
  ['/chat#x', /^The URL contains a fragment identifier \('x'\)/],
  ['ftp://a.test/', /^The URL's scheme must be either 'http', 'https', 'ws', or 'wss'\. 'ftp' is not allowed\.$/],
  ['mailto:a@a.test', /'mailto' is not allowed/],
  ['JavaScript:alert(1)', /'javascript' is not allowed/],
  ['about:blank', /'about' is not allowed/],
  ['ws://', /^The URL 'ws:\/\/' is invalid\.$/],
  ['wss://', /^The URL 'wss:\/\/' is invalid\.$/],
  ['http://a b/', /^The URL 'http:\/\/a b\/' is invalid\.$/],
];

for (const [engine, install] of Object.entries(engines)) {
  test(`a target is resolved and serialised, by ${engine}`, (t) => {
    install(t, page);
    for (const [url, href, origin] of good) assert.deepEqual(parseTarget(url), { href, origin }, url);
  });

  test(`what is wrong with a target is said in a sentence, by ${engine}`, (t) => {
    install(t, page);
    for (const [url, sentence] of bad) {
      let thrown = null;
      try {
        parseTarget(url);
      } catch (e) {
        thrown = e;
      }
      assert.match(String(thrown), sentence, url);
    }
  });
}

test('a page of http has targets of ws', (t) => {
  engines.URL(t, 'http://app.test/');
  assert.equal(parseTarget('/chat').href, 'ws://app.test/chat');
  engines['an anchor'](t, 'http://app.test/');
  assert.equal(parseTarget('/chat').href, 'ws://app.test/chat');
});

test('where there is no page, and in a worker, there is its location, or nothing', (t) => {
  withGlobals(t, { document: undefined, location: { href: 'https://app.test/worker.js' } });
  assert.equal(parseTarget('/chat').href, 'wss://app.test/chat');
  withGlobals(t, { location: undefined });
  assert.equal(parseTarget('ws://a.test').href, 'ws://a.test/');
  assert.throws(
    () => parseTarget('/chat'),
    (e) => e === "The URL '/chat' is invalid.",
  );
});

test('a document without baseURI has a location', (t) => {
  withGlobals(t, { document: {}, location: { href: 'https://app.test/a' } });
  assert.equal(parseTarget('b').href, 'wss://app.test/b');
});

test('a router is not told the user name and the password of a target', () => {
  const urls = [
    ['ws://user:pass@a.test/', 'ws://a.test/'],
    ['wss://user@a.test:9/x@y?z@w', 'wss://a.test:9/x@y?z@w'],
    ['wss://a.test/x@y', 'wss://a.test/x@y'],
    ['wss://a.test?x@y', 'wss://a.test?x@y'],
    ['wss://:@a.test/', 'wss://a.test/'],
    ['wss://u%40v:p@a.test/', 'wss://a.test/'],
  ];
  for (const [url, without] of urls) assert.equal(withoutUser(url), without);
});
