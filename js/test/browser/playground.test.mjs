// The page at / of `polysocket dev`, used as a person does, in a browser that has no WebSocket.
//
//   node --test test/browser/playground.test.mjs
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startChromium } from './chromium.mjs';
import { startServers } from './servers.mjs';

const large = pseudoRandom(5 << 20);

let browser, servers, relay, echo;

before(async () => {
  [browser, servers] = await Promise.all([startChromium(), startServers()]);
  relay = servers.urls.relay;
  echo = relay.replace(/^http/, 'ws') + '/echo';
});

after(async () => {
  await Promise.all([browser?.close(), servers?.end()]);
});

for (const transport of ['xhr', 'jsonp']) {
  test(`a conversation over ${transport}`, async (t) => {
    const { page, log, text, connect, disconnect, state, mark } = await open(t, { link: `#transport=${transport}` });
    await connect();
    await page.getByText(`Over ${transport}, by way of the relay`).waitFor();
    assert.equal(await page.locator('#carries').textContent(), transport);
    assert.equal(await page.locator('#page').getAttribute('class'), 'page');

    const said = 'Grüße, 世界, שלום, 👩‍🚀';
    await text.fill(said);
    await text.press('Enter');
    await mark('same text').waitFor();
    assert.equal(await text.inputValue(), '');
    assert.deepEqual(await log.locator('.sent .what, .received .what').allTextContents(), [said, said]);

    await page.getByLabel('Send a file…').setInputFiles({ name: 'noise.bin', mimeType: 'image/png', buffer: large });
    await mark('same bytes').waitFor();
    await log.getByText('noise.bin').waitFor();
    const downloading = page.waitForEvent('download');
    await log.getByRole('link', { name: 'Save' }).click();
    const saved = await readFile(await (await downloading).path());
    assert.ok(saved.equals(large), 'what is saved is something else');

    const bytes = `2 messages, 5.0 MiB`;
    await page.locator('#sent', { hasText: bytes }).waitFor();
    await page.locator('#received', { hasText: bytes }).waitFor();
    await page.locator('#buffered', { hasText: /^0 B$/ }).waitFor();
    assert.match(await page.locator('#rtt-last').textContent(), /^[\d.]+ m?s$/);
    assert.match(await page.locator('#rtt-median').textContent(), /^[\d.]+ m?s of 2$/);

    await page.getByLabel('Close code').fill('4001');
    await page.getByLabel('Reason').fill('that is all');
    await disconnect();
    await state('CLOSED');
    await page.getByText('Closed with 4001 “that is all”, clean.').waitFor();
    await log.getByText('4001 “that is all”, clean').waitFor();
  });
}

test('automatic: it says that websocket is missing', async (t) => {
  const { page, log, connect } = await open(t);
  await connect();
  await page.getByText('Over stream, by way of the relay').waitFor();
  assert.deepEqual(await page.locator('#gave-up li').allTextContents(), [
    'websocket this browser does not have it (missing)',
  ]);
  assert.equal(await page.locator('#carries s').textContent(), 'websocket');
  assert.equal(await page.locator('#carries b').textContent(), 'stream');
  await log.getByText('websocket: this browser does not have it').waitFor();
});

test('automatic: a browser with WebSocket passes the relay by', async (t) => {
  const { page, connect, text, mark } = await open(t, { native: true });
  await connect();
  await page.getByText('Over websocket, straight to the target').waitFor();
  await page.getByText('not needed').waitFor();
  await text.fill('hello');
  await text.press('Enter');
  await mark('same text').waitFor();
});

test('a target that is not there: the reason, and where it broke', async (t) => {
  const { page, log, target, press, connect, state } = await open(t, { refusals: true });
  for (const [url, why, sentence] of [
    [servers.urls.nobody, 'target_unreachable', /nothing listens there/],
    [servers.urls.hangup, 'target_refused', /./],
    [relay.replace(/^http/, 'ws') + '/healthz', 'target_refused', /answered 200 OK/],
  ]) {
    await target.fill(url);
    await press('Connect');
    await page.getByText('It did not open').waitFor();
    await state('CLOSED');
    assert.match(await page.locator('#said').textContent(), sentence);
    assert.match(await page.locator('#gave-up li').last().textContent(), new RegExp(`^xhr .*\\(${why}\\)$`));
    assert.equal(await page.locator('#hop-to-relay').getAttribute('class'), 'hop');
    assert.equal(await page.locator('#hop-to-target').getAttribute('class'), 'hop broken');
    await log.getByText('1006 (broken off), not clean').last().waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
  }
  await page.getByRole('button', { name: 'echo', exact: true }).click();
  await connect();
  assert.equal(await page.locator('.broken').count(), 0);
});

test('a transport that is not there: the first hop broke', async (t) => {
  const { page, press } = await open(t, { link: '#transport=websocket' });
  await press('Connect');
  await page.getByText('It did not open').waitFor();
  assert.equal(await page.locator('#hop-to-relay').getAttribute('class'), 'hop broken');
});

test('what the class throws is said where it was typed', async (t) => {
  const { page, target, press, connect, disconnect, state } = await open(t);
  await target.fill('ftp://example.com/');
  await press('Connect');
  await page.getByRole('alert').filter({ hasText: 'ftp' }).waitFor();
  await target.fill(echo);
  await connect();
  assert.equal(await page.locator('#problem').textContent(), '');
  await page.getByLabel('Close code').fill('1001');
  await disconnect();
  await page.getByRole('alert').filter({ hasText: '1001' }).waitFor();
  await state('OPEN');
});

test('before it is open nothing is sent, and nothing typed is lost', async (t) => {
  const { page, text } = await open(t);
  await text.fill('too soon');
  await text.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'connect first' }).waitFor();
  assert.equal(await text.inputValue(), 'too soon');
});

test('the link opens the same choice', async (t) => {
  const first = await open(t);
  await first.target.fill('ws://example.com/a?b=c&d=#é'.replace('#', '%23'));
  await first.page.getByText('jsonp', { exact: true }).click();
  await first.page.getByLabel('Subprotocols').fill('chat, v2');
  await first.target.press('Tab');
  const link = new URL(first.page.url()).hash;
  const second = await open(t, { link });
  assert.equal(await second.target.inputValue(), await first.target.inputValue());
  assert.ok(await second.page.getByRole('radio', { name: 'jsonp' }).isChecked());
  assert.equal(await second.page.getByLabel('Subprotocols').inputValue(), 'chat,v2');

  const broken = await open(t, { link: '#target=%zz&transport=pigeon&constructor=1&protocols' });
  assert.equal(await broken.target.inputValue(), echo);
  assert.ok(await broken.page.getByRole('radio', { name: 'automatic' }).isChecked());
});

test('a subprotocol is offered, and shown', async (t) => {
  const { page, connect } = await open(t, { link: '#protocols=chat,v2' });
  await connect();
  await page.locator('#protocol', { hasText: /^chat$/ }).waitFor();
});

test('the keyboard alone will do, and the focus is seen', async (t) => {
  const { page, target, log, state, mark } = await open(t);
  const to = async (locator, key = 'Tab') => {
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press(key);
      assert.ok(await page.evaluate(focusShows), `the focus is not seen: ${await page.evaluate(focused)}`);
      if (await locator.evaluate((e) => e === document.activeElement)) return;
    }
    assert.fail(`${key} does not get there`);
  };
  await to(target);
  await to(page.getByRole('radio', { name: 'automatic' }));
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight'); // to jsonp
  await to(page.getByLabel('Subprotocols'));
  await page.keyboard.press('Enter');
  await state('OPEN');
  await page.getByText('Over jsonp, by way of the relay').waitFor();
  await page.keyboard.press('Enter'); // connects no second time, and ends nothing
  await to(page.getByRole('textbox', { name: 'Message' }));
  await page.keyboard.type('one');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('two');
  await page.keyboard.press('Enter');
  await mark('same text').waitFor();
  assert.equal(await log.locator('.received .what').textContent(), 'one\ntwo');
  await to(page.getByLabel('Send a file…'));
  await to(page.getByLabel('Close code'), 'Shift+Tab');
  await page.keyboard.type('3000');
  await to(page.getByLabel('Reason'));
  await page.keyboard.type('by hand');
  await page.keyboard.press('Enter');
  await state('CLOSED');
  await log.getByText('3000 “by hand”, clean').waitFor();
});

test('Enter that is held sends once, and does not disconnect', async (t) => {
  const { page, text, state, mark, log } = await open(t);
  await page.getByRole('button', { name: 'Connect' }).focus();
  for (let i = 0; i < 5; i++) await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await state('OPEN');
  await text.fill('once');
  for (let i = 0; i < 5; i++) await page.keyboard.down('Enter');
  await mark('same text').waitFor();
  assert.equal(await log.locator('.sent').count(), 1);
});

test('a double click connects, and does not disconnect', async (t) => {
  const { page, state, log } = await open(t);
  await page.getByRole('button', { name: 'Connect', exact: true }).dblclick();
  await state('OPEN');
  assert.equal(await log.getByText('connecting').count(), 1);
});

test('files that are dropped are sent', async (t) => {
  const { page, connect, log, mark } = await open(t);
  await connect();
  const dataTransfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['first'], '1.txt'));
    data.items.add(new File([], '2.txt'));
    return data;
  });
  await page.dispatchEvent('main', 'dragover', { dataTransfer });
  await page.getByText('Drop to send').waitFor();
  await page.dispatchEvent('main', 'drop', { dataTransfer });
  await mark('same bytes').nth(1).waitFor();
  assert.deepEqual(await log.locator('.sent .what').allTextContents(), ['1.txt\n66 69 72 73 74', '2.txt\n']);
  assert.equal(await page.getByText('Drop to send').isVisible(), false);
});

test('an echo of other bytes is no echo', async (t) => {
  const { page, connect, log } = await open(t, { link: '#transport=xhr' });
  await page.route(/\/j\//, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('"AAAAAA=="', '"AAABAA=="');
    await route.fulfill({ response, body });
  });
  await connect();
  await page.getByLabel('Send a file…').setInputFiles({ name: '0', mimeType: '', buffer: Buffer.alloc(4) });
  await log.getByText('✗ other bytes than sent, from byte 2').waitFor();
});

test('a long text is shortened, and shown whole', async (t) => {
  const { page, connect, text, log, mark } = await open(t);
  await connect();
  const long = 'x' + '👩‍🚀'.repeat(2000); // it would be cut in the middle of a character
  await text.fill(long);
  await text.press('Enter');
  await mark('same text').waitFor();
  const what = log.locator('.received .what');
  assert.match(await what.textContent(), /^x[^\ufffd]{270,279}…$/);
  assert.ok((await what.textContent()).isWellFormed());
  const button = log.locator('.received').getByRole('button');
  await button.click();
  assert.equal(await what.textContent(), long);
  await button.click();
  assert.ok((await what.textContent()).length < 300);
});

test('thousands of messages', async (t) => {
  const { page, connect, log } = await open(t);
  await connect();
  await page.evaluate(() => {
    for (let i = 0; i < 3000; i++) {
      document.getElementById('text').value = `message ${i}`;
      document.getElementById('composer').requestSubmit();
    }
  });
  await page.locator('#received', { hasText: '3,000 messages' }).waitFor();
  await log.getByText('message 2999').last().waitFor();
  assert.equal(await log.locator('li').count(), 500);
  await log.getByText(/before them are left out/).waitFor();
  await page.locator('#rtt-median', { hasText: ' of 1001' }).waitFor();
  await page.getByRole('button', { name: 'Clear' }).click();
  assert.equal(await log.locator('li').count(), 0);
});

test('the lines to use in a page work in a page', async (t) => {
  const { page } = await open(t, { link: '#transport=jsonp' });
  const lines = await page.locator('#snippet').textContent();
  await page.route('**/elsewhere', (route) =>
    route.fulfill({ contentType: 'text/html', body: `<!doctype html><link rel="icon" href="data:,">${lines}` }),
  );
  const logged = page.waitForEvent('console');
  await page.goto(`${relay}/elsewhere`, { waitUntil: 'commit' });
  assert.equal((await logged).text(), 'hello');
});

test('the lines for a terminal work in a terminal, whatever the target', async (t) => {
  const { page, target } = await open(t);
  await target.fill(`${echo}?it's="$(x)"`);
  await page.getByText('From a terminal').click();
  const { stdout } = await promisify(execFile)('sh', ['-ec', await page.locator('#curl').textContent()]);
  assert.match(stdout, /"messages":\[{"type":"text","data":"hello"}\]/);
});

test('what is copied is what is shown', async (t) => {
  const { page } = await open(t);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy' }).first().click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, await page.locator('#snippet').textContent());
});

test('a small screen has no need to scroll sideways', async (t) => {
  const { page, connect, text, mark } = await open(t, { viewport: { width: 320, height: 640 } });
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(await overflow(), 0);
  await page.getByText('From a terminal').click();
  await connect();
  await text.fill('x'.repeat(500));
  await text.press('Enter');
  await mark('same text').waitFor();
  assert.equal(await overflow(), 0);
});

test('an old browser will do', async (t) => {
  const { page, connect, disconnect, text, mark, state } = await open(t, { link: '#transport=jsonp', init: makeOld });
  assert.equal(await page.getByLabel('Send a file…').isVisible(), false);
  await page.getByRole('button', { name: 'time', exact: true }).click();
  assert.match(page.url(), /#target=ws:.*\/time&transport=jsonp$/);
  await page.getByRole('button', { name: 'echo', exact: true }).click();
  await connect();
  await text.fill('hello');
  await text.press('Enter');
  await mark('same text').waitFor();
  await page.getByRole('button', { name: 'Copy' }).first().click();
  await page.getByRole('button', { name: /^(Not c|C)opied$/ }).waitFor();
  await disconnect();
  await state('CLOSED');
});

test('without the client it says so', async (t) => {
  const { page, target } = await open(t, { refusals: true, client: false });
  await page.getByText('polysocket.js did not load').waitFor();
  await target.press('Enter');
  assert.equal(await page.locator('#entries li').count(), 0);
});

// Opens the page, and fails the test where its console has an error. With refusals the browser may tell of requests that
// were answered with an error.
async function open(t, { link = '', native = false, client = true, refusals = false, viewport, init } = {}) {
  const context = await browser.newContext({ viewport, reducedMotion: viewport ? 'reduce' : 'no-preference' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // a slow machine has 5 MiB to carry by script elements
  const errors = [];
  t.after(async () => {
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
    assert.deepEqual(errors, []);
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (!/^(error|warning)$/.test(message.type())) return;
    if (!refusals || !message.text().startsWith('Failed to load resource')) errors.push(message.text());
  });
  if (!native) await page.addInitScript(() => delete globalThis.WebSocket);
  if (init) await page.addInitScript(init);
  if (!client) await page.route('**/polysocket.js', (route) => route.fulfill({ status: 404 }));
  await page.goto(`${relay}/${link}`);
  const log = page.getByRole('log');
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  const state = (name) => page.locator('#state', { hasText: new RegExp(`^${name}$`) }).waitFor();
  return {
    page,
    log,
    state,
    target: page.getByLabel('Target', { exact: true }),
    text: page.getByRole('textbox', { name: 'Message' }),
    press,
    connect: async () => {
      await press('Connect');
      await state('OPEN');
    },
    disconnect: () => press('Disconnect'),
    mark: (words) => log.getByText(`✓ ${words}`),
  };
}

// Run in the page: takes away what browsers had not always.
function makeOld() {
  for (const name of ['matchMedia', 'FileReader', 'Blob', 'Promise', 'fetch', 'Symbol', 'Map', 'Set'])
    delete globalThis[name];
  delete History.prototype.replaceState;
  delete URL.createObjectURL;
  Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });
  Object.defineProperty(globalThis, 'performance', { value: undefined });
}

// Run in the page: whether what has the focus, or what stands for it, is outlined.
function focusShows() {
  const e = document.activeElement;
  const shown = /^(radio|file)$/.test(e.type) ? e.nextElementSibling : e;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  return e === document.body || (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2);
}

function focused() {
  return document.activeElement.outerHTML.slice(0, 100);
}

// Bytes that are the same each time (xorshift32).
function pseudoRandom(length) {
  const words = new Uint32Array(length / 4);
  let x = 2463534242;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return Buffer.from(words.buffer);
}
