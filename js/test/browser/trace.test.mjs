// Every case, in every mode: what a page sees of a WebSocket is the same on all of them, and is what the standard says.
//
//   node --test test/browser/
//   node --test --test-name-pattern '^native: ' test/browser/      the oracle alone
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { cases } from './cases/index.mjs';
import { startChromium } from './chromium.mjs';
import { modes, openPage } from './modes.mjs';
import { startServers } from './servers.mjs';

let browser, servers;

before(async () => {
  browser = await startChromium();
  servers = await startServers();
});

after(async () => {
  await Promise.all([browser?.close(), servers?.end()]);
});

for (const mode of modes) {
  describe(mode, () => {
    let open; // the page that cases share, until one fails
    let count = 0;
    after(() => open?.close());

    for (const { name, target = 'told', run, args, trace, grouped, deadline = 10_000 } of cases) {
      test(`${mode}: ${name}`, async () => {
        open ??= await openPage(browser, mode, servers.urls);
        const url = servers.urls[target];
        const names = [
          ['TARGET', new URL(url).host],
          ['PAGE', new URL(servers.urls.pages).host],
        ];
        try {
          const id = `${mode}-${++count}`;
          const lines = await record(open.page, run, { target: url, id, names, args }, deadline);
          if (grouped) lines.sort((a, b) => labelOf(a).localeCompare(labelOf(b)));
          assert.deepEqual(lines, trace);
          await open.check(lines);
        } catch (error) {
          await open.close();
          open = undefined;
          throw error;
        }
      });
    }
  });
}

// Which socket a line is of, where a case has several.
const labelOf = (line) => line.split(':', 1)[0];

// Runs a case in the page. What hangs gives what was seen so far.
async function record(page, run, about, deadline) {
  const clock = new AbortController();
  const late = delay(deadline, null, { signal: clock.signal }).then(async () => [
    ...(await page.evaluate(() => globalThis.recorder.soFar())),
    `and nothing more for the ${deadline} ms it had`,
  ]);
  late.catch(() => {}); // stopped
  const lines = page.evaluate(`recorder.perform(${run}, ${JSON.stringify(about)})`);
  lines.catch(() => {}); // the page was closed
  try {
    return await Promise.race([lines, late]);
  } finally {
    clock.abort();
  }
}
