// A WebSocket server of npm's ws that does as it is told, for the browser tests.
//
//   node told.mjs [--host ADDRESS]
//
// It prints "listening HOST:PORT". Messages are echoed. A connection is known by the id in its URL, and is told what to do
//
//   by its URL      status=CODE         refuse the handshake with this status
//                   answer=HOW          answer it in one of the ways of `rude`, or "late": when told so
//                   protocol=NAME       choose this subprotocol, whatever was offered; without it, none
//                   header=LINE         have this header in the answer
//                   greet=COUNT         send this many messages, text and bytes in turn, together with the answer
//                   close=CODE REASON   close after that
//   by a text       !close CODE REASON, !terminate, !reset, !raw HEX, !burst COUNT, !ping, !pause, !request
//   by a POST       /tell?id=ID&do=answer, once it has been asked, and do=resume, once it has paused
//
// A GET of /asked waits until it has been asked, and one of /heard until it is closed: that is answered with a JSON list
// of what it has heard, commands left out.
import { createHash } from 'node:crypto';
import { createServer, STATUS_CODES } from 'node:http';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';

const { values } = parseArgs({ options: { host: { type: 'string', default: '127.0.0.1' } } });

// Answers to a handshake that are none.
const rude = {
  nothing: '',
  garbage: 'this is not HTTP\r\n\r\n',
  'wrong-accept':
    'HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: d3Jvbmc=\r\n\r\n',
};

// By its id, what is known of a connection, and who waits to know. Whoever asks first makes it.
const connections = new Map();
function connection(id) {
  if (!connections.has(id)) connections.set(id, { heard: [], asked: later(), paused: later(), closed: later() });
  return connections.get(id);
}

// A promise with its resolve.
function later() {
  let resolve;
  const promise = new Promise((r) => (resolve = r));
  return Object.assign(promise, { resolve });
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://host');
  const id = searchParams.get('id');
  const { asked, paused, closed, heard } = connection(id);
  response.setHeader('Access-Control-Allow-Origin', '*');
  if (pathname === '/tell') {
    const goOn = await { answer: asked, resume: paused }[searchParams.get('do')];
    goOn();
    response.end();
  } else if (pathname === '/asked') {
    await asked;
    response.end();
  } else {
    await closed;
    connections.delete(id);
    response.end(JSON.stringify(heard));
  }
});

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: () => false });
// Subprotocols too: handleProtocols is not asked where none was offered.
sockets.on('headers', (headers, request) => {
  const { searchParams } = new URL(request.url, 'ws://host');
  if (searchParams.has('protocol')) headers.push(`Sec-WebSocket-Protocol: ${searchParams.get('protocol')}`);
  if (searchParams.has('header')) headers.push(searchParams.get('header'));
});

server.on('upgrade', async (request, tcp, head) => {
  tcp.on('error', () => {}); // its end says it
  const told = new URL(request.url, 'ws://host').searchParams;
  const known = connection(told.get('id'));
  if (told.has('status')) {
    const status = told.get('status');
    tcp.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nLocation: /\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  if (told.get('answer') === 'late') {
    await late(tcp, known);
  } else if (told.has('answer')) {
    tcp.end(rude[told.get('answer')]);
    return;
  }
  tcp.cork(); // the answer and what is said at once leave together
  sockets.handleUpgrade(request, tcp, head, (socket) => {
    serve(socket, tcp, request, told, known);
    tcp.uncork();
  });
});

// Waits until it is told to answer. A client that has gone before has hung up.
function late(tcp, { asked, closed }) {
  const gone = () => {
    closed.resolve();
    tcp.destroy();
  };
  tcp.once('end', gone).resume();
  return new Promise((answer) => {
    asked.resolve(() => {
      tcp.off('end', gone);
      answer();
    });
  });
}

function serve(socket, tcp, request, told, known) {
  socket.on('error', () => {}); // its close says it
  socket.on('close', (code, reason) => {
    known.heard.push(`close ${code} ${JSON.stringify(reason.toString())}`);
    known.closed.resolve();
  });
  socket.on('message', (data, binary) => {
    const [command, ...words] = binary ? [] : data.toString().split(' ');
    if (Object.hasOwn(commands, command)) {
      commands[command]({ socket, tcp, request, known }, ...words);
    } else {
      known.heard.push(binary ? describe('binary', data) : describe('text', data));
      socket.send(data, { binary });
    }
  });
  for (let i = 1; i <= Number(told.get('greet')); i++) socket.send(i % 2 ? `greeting ${i}` : Buffer.of(i));
  if (told.has('close')) commands['!close']({ socket }, ...told.get('close').split(' '));
}

const commands = {
  '!close': ({ socket }, code, ...reason) => socket.close(code && Number(code), reason.join(' ')),
  '!terminate': ({ socket }) => socket.terminate(),
  '!reset': ({ tcp }) => tcp.resetAndDestroy(),
  '!raw': ({ tcp }, ...hex) => tcp.write(Buffer.from(hex.join(''), 'hex')),
  '!burst': ({ socket }, count) => {
    for (let i = 1; i <= Number(count); i++) socket.send(`burst ${i}`);
  },
  '!ping': ({ socket }) => {
    socket.once('pong', (data) => socket.send(`pong ${data}`));
    socket.ping('12');
  },
  '!pause': ({ socket, known }) => {
    socket.pause();
    known.paused.resolve(() => socket.resume());
  },
  '!request': ({ socket, request }) => {
    const { origin, 'sec-websocket-protocol': offered } = request.headers;
    socket.send(`${request.url} from ${origin}, offered ${offered?.split(/\s*,\s*/).join(' ')}`);
  },
};

// A message as the traces of the browser tests have it.
function describe(kind, data) {
  if (data.length > 100) return `${kind} ${data.length} sha256 ${createHash('sha256').update(data).digest('hex')}`;
  return `${kind} ${kind === 'text' ? JSON.stringify(data.toString()) : `${data.length} ${data.toString('hex')}`}`;
}

server.listen(0, values.host, () => console.log(`listening ${values.host}:${server.address().port}`));
// The test that started it has gone.
process.stdin.on('end', () => process.exit()).resume();
