import { createServer, request as ask } from 'node:http';
import { connect } from 'node:net';
import { listen } from './servers.mjs';

/**
 * Starts a router that outlives its relay: it passes on what it is asked to `polysocket dev` at `relay()`, and says itself whether that
 * is there. `asked` counts those questions.
 */
export async function startRouter(relay) {
  const router = { asked: 0 };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://router');
    if (pathname !== '/relay') return pass(request, response, relay());
    router.asked++;
    const body = JSON.stringify({ ok: true, alive: await listens(searchParams.get('host')) });
    const cb = searchParams.get('cb');
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Content-Type', cb ? 'application/javascript' : 'application/json');
    response.end(cb ? `/**/${cb}(${body});` : body);
  });
  router.url = `http://${await listen(server)}`;
  router.end = () => (server.close(), server.closeAllConnections());
  return router;
}

function pass(request, response, to) {
  const { method, url, headers } = request;
  const { host } = new URL(to);
  const onward = ask(`${to}${url}`, { method, headers: { ...headers, host } }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.writeHead(502).end('<html>bad gateway'));
  request.pipe(onward);
}

/** Whether somebody listens there. */
function listens(host) {
  const [name, port] = host.split(':');
  return new Promise((resolve) => {
    const tcp = connect(port, name);
    tcp.on('connect', () => (tcp.destroy(), resolve(true)));
    tcp.on('error', () => resolve(false));
  });
}

/** Starts one that takes requests and never answers. */
export async function startHanging() {
  const server = createServer(() => {});
  const url = `http://${await listen(server)}`;
  return { url, end: () => (server.close(), server.closeAllConnections()) };
}

/** Starts a proxy whose router is gone: it answers as nginx does. */
export async function startBadGateway() {
  const server = createServer((_, response) => {
    response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html><h1>502 Bad Gateway</h1></html>');
  });
  const url = `http://${await listen(server)}`;
  return { url, end: () => (server.close(), server.closeAllConnections()) };
}
