// Makes docs/playground.png, the picture of the README: `cd js && npm run screenshot`.
import { fileURLToPath } from 'node:url';
import { startChromium } from './chromium.mjs';
import { startServers } from './servers.mjs';

const [browser, servers] = await Promise.all([startChromium(), startServers()]);
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.addInitScript(() => delete globalThis.WebSocket);
await page.goto(servers.urls.relay);
await page.getByRole('button', { name: 'Connect', exact: true }).click();
const message = page.getByLabel('Message');
for (const text of ['hello', 'Grüße aus einer Seite ohne WebSocket', '{"type":"chat","text":"as ever"}']) {
  await message.fill(text);
  await message.press('Enter');
  await page.getByText('same text').last().waitFor();
}
const bytes = Buffer.from(Uint8Array.from({ length: 5 << 20 }, (_, i) => Math.imul(i, 2654435761) >>> 24));
await page.locator('input[type=file]').setInputFiles({ name: 'five.bin', mimeType: '', buffer: bytes });
await page.getByText('same bytes').waitFor();
await page.waitForTimeout(1000); // the last dot is at its end
await page.screenshot({ path: fileURLToPath(new URL('../../../docs/playground.png', import.meta.url)) });
await Promise.all([browser.close(), servers.end()]);
