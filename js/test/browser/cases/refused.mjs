/** Targets that never open. */
const fails = (name, query, target) => ({
  name,
  target,
  args: { query },
  run: async ({ open, next, say, query }) => {
    const socket = open(query);
    await next(socket, 'close');
    say(`readyState ${socket.readyState}, protocol "${socket.protocol}", extensions "${socket.extensions}"`);
  },
  trace: ['CLOSED error', 'CLOSED close 1006 "" unclean', 'readyState 3, protocol "", extensions ""'],
});

export default [
  fails('a target that refuses the handshake with 403', '&status=403'),
  fails('a target that refuses the handshake with 401', '&status=401'),
  fails('a target that answers the handshake with 200', '&status=200'),
  fails('a target that redirects', '&status=302'),
  fails('a target that fails with 500', '&status=500'),
  fails('a target that hangs up on the handshake', '&answer=nothing'),
  fails('a target that does not speak HTTP', '&answer=garbage'),
  fails('a target that gives a wrong Sec-WebSocket-Accept', '&answer=wrong-accept'),
  fails('a target that chooses a subprotocol where none was offered', '&protocol=chat'),
  fails('a target that answers with an extension nobody offered', '&header=Sec-WebSocket-Extensions:+x-made-up'),
  fails('a port where nobody listens', '', 'nobody'),
  fails('a port that hangs up', '', 'hangup'),
];
