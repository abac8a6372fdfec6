import { chromium } from 'playwright-core';

/** Where the name relay.test leads, and all names below it. */
export const loopback = '127.88.88.90';

/**
 * Starts the Chromium that is installed: Debian's, or the one that CHROMIUM names. Rules say where names lead that only the
 * browser is to know so; they come before those of relay.test.
 */
export function startChromium(...rules) {
  const all = [...rules, `MAP relay.test ${loopback}`, `MAP *.relay.test ${loopback}`];
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=${all.join()}`,
    ],
  });
}
