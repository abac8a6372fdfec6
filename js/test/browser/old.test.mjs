// Old engines, as far as a new one can stand for them: what they had not is taken away from the page before any script runs,
// and the page writes what it sees into its title.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { startChromium } from './chromium.mjs';
import { startServers } from './servers.mjs';

const client = readFileSync(new URL('../../dist/polysocket.min.js', import.meta.url), 'utf8').replaceAll(
  '</script',
  '<\\/script',
);
let browser, servers, html;
const pages = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(html));

before(async () => {
  await new Promise((listening) => pages.listen(0, '127.0.0.1', listening));
  [browser, servers] = await Promise.all([startChromium(), startServers()]);
});

after(async () => {
  await Promise.all([browser?.close(), servers?.end()]);
  pages.close();
});

// Engines of about 2012: ES5, typed arrays, XMLHttpRequest level 2.
function es5() {
  var gone =
    'WebSocket WeakMap Map Set Reflect Proxy Promise Symbol fetch Request MessageChannel EventTarget TextEncoder TextDecoder ' +
    'URL URLSearchParams DOMException crypto atob btoa reportError globalThis';
  gone.split(' ').forEach(function (name) {
    Object.defineProperty(window, name, { value: undefined, writable: true });
  });
  Object.setPrototypeOf = String.prototype.toWellFormed = undefined;
  Uint8Array.fromBase64 = Uint8Array.prototype.toBase64 = ArrayBuffer.isView = undefined;
  ['Event', 'MessageEvent', 'CloseEvent'].forEach(function (name) {
    window[name] = { prototype: window[name].prototype }; // there, and nothing to make one with
  });
  delete Navigator.prototype.sendBeacon;
}

// IE 8: ES3 with JSON, and accessors on nodes alone.
function es3() {
  var gone =
    'WebSocket WeakMap Map Set Reflect Proxy Promise Symbol fetch Request MessageChannel EventTarget TextEncoder TextDecoder ' +
    'URL URLSearchParams DOMException crypto atob btoa reportError globalThis self XMLHttpRequest Uint8Array ArrayBuffer DataView ' +
    'Blob FileReader Event MessageEvent CloseEvent';
  var list = gone.split(' ');
  for (var i = 0; i < list.length; i++) window[list[i]] = undefined;
  Object.setPrototypeOf = Object.getPrototypeOf = Object.create = Object.keys = Object.freeze = undefined;
  Object.defineProperty = function () {
    throw new Error('only for nodes');
  };
  Array.isArray = Array.prototype.indexOf = Array.prototype.forEach = Array.prototype.map = undefined;
  Function.prototype.bind = String.prototype.trim = String.prototype.toWellFormed = Date.now = undefined;
}

// The page's own script, in the language of all of them.
function page(options, target, binary) {
  var lines = [];
  function say(line) {
    lines.push(line);
  }
  window.polysocket.install(options);
  var socket = new window.WebSocket(target + '?id=old&protocol=b', ['a', 'b']);
  function on(type, line) {
    socket.addEventListener(type, function (event) {
      say(
        socket.readyState +
          ' ' +
          type +
          line(event) +
          (event.target === socket && this === socket ? '' : ' at another'),
      );
    });
  }
  on('open', function () {
    return ' ' + socket.protocol + ' ' + socket.url.replace(target, 'TARGET');
  });
  on('error', function () {
    return '';
  });
  on('close', function (event) {
    return ' ' + event.code + ' ' + event.reason + ' ' + event.wasClean;
  });
  say(socket.readyState + ' ' + window.WebSocket.OPEN + socket.CLOSED);
  try {
    socket.send('too early');
  } catch (e) {
    say(e.name + ' ' + e.code);
  }
  var long = new Array(5001).join('☃𝄞 %');
  socket.onopen = function () {
    socket.send('plain \ud800 ☃');
    socket.send(long);
    say('buffered ' + socket.bufferedAmount);
  };
  socket.onmessage = function (event) {
    if (event.data === long) say('the long text');
    else if (typeof event.data === 'string') say(event.data);
    if (binary && event.data === long) {
      socket.binaryType = 'arraybuffer';
      var bytes = new Uint8Array(20000);
      for (var i = 0; i < bytes.length; i++) bytes[i] = i * 7;
      return socket.send(new DataView(bytes.buffer, 1, 19999));
    }
    if (typeof event.data !== 'string') {
      var same = event.data.byteLength === 19999;
      var back = new Uint8Array(event.data);
      for (var j = 0; j < back.length; j++) if (back[j] !== (((j + 1) * 7) & 255)) same = false;
      say('bytes ' + same);
      socket.close(3001, 'grüße');
    } else if (!binary && event.data === long) {
      socket.close(3001, 'grüße');
    }
  };
  socket.onclose = function () {
    var info = window.polysocket.info(socket);
    say('info ' + info.transport + info.error);
    document.title = lines.join(' | ');
    document.body.id = 'done';
  };
}

for (const [name, hide, transport, binary] of [
  ['ES5', es5, 'xhr', true],
  ['ES5', es5, 'jsonp', true],
  ['ES3', es3, 'jsonp', false],
]) {
  test(`${name} through ${transport}`, async () => {
    const context = await browser.newContext();
    try {
      const { relay, told, nobody } = servers.urls;
      const tab = await context.newPage();
      const errors = [];
      tab.on('pageerror', (error) => errors.push(error.stack));
      const options = JSON.stringify({ router: [nobody.replace('ws:', 'http:'), relay], transports: [transport] });
      html = `<!doctype html><meta charset="utf-8"><script>(${hide})()</script><script>${client}</script>
        <script>(${page})(${options}, '${told}/', ${binary})</script><body>`;
      await tab.goto(`http://127.0.0.1:${pages.address().port}`);
      await tab.waitForSelector('#done', { state: 'attached', timeout: 15_000 }).catch(() => {}); // what was seen is told below
      assert.deepEqual(errors, []);
      assert.deepEqual(
        (await tab.title()).split(' | ').map((line) => line.trim()),
        [
          '0 13',
          'InvalidStateError 11',
          '1 open b TARGET?id=old&protocol=b',
          'buffered 45013',
          'plain � ☃',
          'the long text',
          ...(binary ? ['bytes true'] : []),
          '3 close 3001 grüße true',
          `info ${transport}`,
        ].map((line) => line.trim()),
      );
    } finally {
      await context.close();
    }
  });
}
