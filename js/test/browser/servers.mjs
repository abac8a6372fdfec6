import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loopback } from './chromium.mjs';
import { start } from './program.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Builds and starts all that the cases need; `flags` are more ones for `polysocket dev`. */
export async function startServers(...flags) {
  const polysocket = await build('./cmd/polysocket');
  const starting = {
    relay: startRelay(polysocket.path, ...flags),
    wildcard: startWildcardRelay(polysocket.path),
    pages: startPages(),
    told: startTold(),
    cat: startWebsocketd('cat'),
    once: startWebsocketd('head', '-n', '1'),
    nobody: nobody(),
    hangup: startHangup(),
  };
  const outcomes = await Promise.allSettled(Object.values(starting));
  const started = outcomes.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
  const end = () => Promise.all([...started, polysocket].map((server) => server.end()));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) {
    await end();
    throw failed.reason;
  }
  const urls = {};
  for (const name in starting) urls[name] = (await starting[name]).url;
  return { urls, end };
}

/** Builds a command of this repository, and gives its path and what removes it. */
export async function build(command) {
  const directory = await mkdtemp(join(tmpdir(), 'polysocket-'));
  const path = join(directory, basename(command));
  const end = () => rm(directory, { recursive: true });
  try {
    await promisify(execFile)('go', ['build', '-o', path, command], { cwd: root });
  } catch (error) {
    await end();
    throw error;
  }
  return { path, end };
}

/** Runs the proxy with a fault (see test/chaos) before a server, and gives where it listens. */
export async function startProxy(proxy, to, fault) {
  const { match, end } = await start(proxy, ['--to', to, fault], /^listening (\S+)$/);
  return { host: match[1], end };
}

/** Runs Debian's nginx before a server, by a file of test/middlebox, and gives where it listens. */
export async function startNginx(file, to) {
  const { host, port } = await freeAddress('127.88.88.91');
  const directory = await mkdtemp(join(tmpdir(), 'polysocket-nginx-'));
  const filled = (await readFile(join(root, 'test/middlebox', file), 'utf8'))
    .replaceAll('@LISTEN@', `${host}:${port}`)
    .replaceAll('@RELAY@', to)
    .replaceAll('@DIR@', directory);
  const path = join(directory, file);
  await writeFile(path, filled);
  const args = ['-e', 'stderr', '-c', path, '-g', 'error_log stderr notice;'];
  const { end } = await start('/usr/sbin/nginx', args, /\[notice\].* OS: /);
  await listening(host, port);
  return { host: `${host}:${port}`, end: () => end().then(() => rm(directory, { recursive: true })) };
}

/** Runs `polysocket dev` on a port of its own: router and relay, at `url`. */
export async function startRelay(polysocket, ...flags) {
  const args = ['dev', '--listen', '127.0.0.1:0', ...flags];
  const { match, end } = await start(polysocket, args, /^polysocket dev is ready: (\S+)$/);
  return { url: match[1], end };
}

/** Runs one whose sockets have names of their own, below relay.test: a name that only the browser knows. */
async function startWildcardRelay(polysocket) {
  const { host, port } = await freeAddress(loopback);
  const name = `relay.test:${port}`;
  const { end } = await startRelay(polysocket, `--listen=${host}:${port}`, '--wildcard', `--host=${name}`);
  return { url: `http://${name}`, end };
}

/** Runs the target that does as it is told. */
export async function startTold() {
  const script = join(root, 'test/targets/told.mjs');
  const { match, end } = await start(process.execPath, [script], /^listening (\S+)$/);
  return { url: `ws://${match[1]}`, end };
}

/** Runs Debian's websocketd, which runs the command for each connection and makes a text message of each line. */
async function startWebsocketd(...command) {
  const { host, port } = await freeAddress('127.88.88.88');
  const args = [`--address=${host}`, `--port=${port}`, ...command];
  const { end } = await start('websocketd', args, /Starting WebSocket server/);
  await listening(host, port); // it says so before it does
  return { url: `ws://${host}:${port}`, end };
}

/** A target where nobody listens. */
async function nobody() {
  const { host, port } = await freeAddress('127.88.88.89');
  return { url: `ws://${host}:${port}`, end() {} };
}

/** A target that hangs up on whoever calls. */
async function startHangup() {
  const server = createServer((tcp) => tcp.destroy());
  return { url: `ws://${await listen(server)}`, end: () => server.close() };
}

/** Serves an empty page, which is isolated at `/isolated`, and the client's script at `/polysocket.js`. */
export async function startPages() {
  const script = await readFile(join(root, 'js/dist/polysocket.js'));
  const server = createWebServer((request, response) => {
    if (request.url === '/polysocket.js') {
      response.setHeader('Content-Type', 'text/javascript; charset=utf-8');
      response.end(script);
    } else {
      if (request.url === '/isolated') {
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      }
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>polysocket</title>');
    }
  });
  const url = `http://${await listen(server)}`;
  const end = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url, end };
}

export async function listen(server, host = '127.0.0.1') {
  server.listen(0, host);
  await once(server, 'listening');
  return `${host}:${server.address().port}`;
}

// A port of this host, one of the machine's own, where nobody listens. Nobody else asks for one there, so that it stays so.
export async function freeAddress(host) {
  const server = createServer();
  const [, port] = (await listen(server, host)).split(':');
  server.close();
  await once(server, 'close');
  return { host, port };
}

// Waits until somebody listens there.
async function listening(host, port) {
  for (;;) {
    const tcp = connect(port, host);
    const open = await once(tcp, 'connect').then(
      () => true,
      () => false,
    );
    tcp.destroy();
    if (open) return;
    await delay(10);
  }
}

/**
 * Runs a redis-server, and gives what starts a router and a relay of its own: processes that `end` kills at once, with the URLs that
 * they have printed.
 */
export async function startCluster(polysocket) {
  const { host, port } = await freeAddress('127.88.88.93');
  const directory = await mkdtemp(join(tmpdir(), 'polysocket-redis-'));
  const args = ['--bind', host, '--port', port, '--save', '', '--appendonly', 'no', '--dir', directory];
  const redis = await start('redis-server', args, /Ready to accept connections/);
  const secret = `POLYSOCKET_CLUSTER_SECRET=${randomBytes(16).toString('hex')}`;
  async function run(role, ready, ...flags) {
    const shared = [`--redis=redis://${host}:${port}/0`, '--listen=127.0.0.1:0', '--open'];
    const { match, end } = await start('/usr/bin/env', [secret, polysocket, role, ...shared, ...flags], ready);
    return { url: match[1], end };
  }
  return {
    startRouter: () => run('router', /^polysocket router is ready: (\S+)$/),
    startRelay: () => run('relay', /^polysocket relay is ready: (\S+)$/, '--allow-private=127.0.0.0/8'),
    end: () => redis.end().then(() => rm(directory, { recursive: true })),
  };
}
