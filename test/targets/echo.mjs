// A WebSocket server of npm's ws, for the tests.
//
//   node echo.mjs [--host ADDRESS] [--deflate] [--stall] [--cert FILE --key FILE]
//
// It prints "listening PORT", and of each connection "open PROTOCOL",
// "closed CODE REASON"; with --stall it lets no handshake end, and prints
// "asked". Messages are echoed, but for the texts "close CODE REASON",
// "terminate" and "pause", which it answers by printing "paused" and reading no more.
import { readFileSync } from 'node:fs';
import { createServer as http } from 'node:http';
import { createServer as https } from 'node:https';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    deflate: { type: 'boolean', default: false },
    stall: { type: 'boolean', default: false },
    cert: { type: 'string' },
    key: { type: 'string' },
  },
});

const server = values.cert ? https({ cert: readFileSync(values.cert), key: readFileSync(values.key) }) : http();
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: values.deflate && { threshold: 0 },
  // The last one offered, so that a choice can be told from the default.
  handleProtocols: (offered) => [...offered].pop(),
  ...(values.stall && { verifyClient: (_info, _done) => console.log('asked') }),
});

sockets.on('connection', (socket) => {
  console.log(`open ${socket.protocol}${socket.extensions && ' deflate'}`);
  socket.on('error', (error) => console.log(`error ${error.message}`));
  socket.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
  socket.on('message', (data, binary) => {
    const [command, code, ...reason] = binary ? [] : data.toString().split(' ');
    if (command === 'close') {
      socket.close(code && Number(code), reason.join(' '));
    } else if (command === 'terminate') {
      socket.terminate();
    } else if (command === 'pause') {
      socket.pause();
      console.log('paused');
    } else {
      socket.send(data, { binary });
    }
  });
});

server.listen(0, values.host, () => console.log(`listening ${values.host}:${server.address().port}`));
// The test that started it has gone.
process.stdin.on('end', () => process.exit()).resume();
