/** Connections that end without a close, and targets that break RFC 6455. */
const breaks = (name, command, trace) => ({
  name,
  args: { command },
  run: async ({ opened, next, echo, command }) => {
    const socket = await opened();
    await echo(socket, 'hello');
    socket.send(command);
    await next(socket, 'close');
  },
  trace: ['OPEN open', 'OPEN message "hello"', ...trace],
});

const dropped = ['CLOSED close 1006 "" unclean'];
const failed = ['CLOSED error', 'CLOSED close 1006 "" unclean'];

export default [
  breaks('the target ends the TCP connection', '!terminate', dropped),
  breaks('the target resets the TCP connection', '!reset', dropped),
  breaks('the target sends text that is no UTF-8', '!raw 8103ffffff', failed),
  breaks('the target sends a masked frame', '!raw 818100000000 41', failed),
  breaks('the target sends a reserved bit', '!raw c10141', failed),
  breaks('the target sends a reserved opcode', '!raw 8300', failed),
  breaks('the target sends a continuation of nothing', '!raw 800141', failed),
  breaks('the target sends a length that is not in its shortest form', '!raw 817e000141', failed),
  breaks('the target sends a fragment of a ping', '!raw 0900', failed),
  breaks('the target sends a Close of one byte', '!raw 880103', failed),
  breaks('the target sends a Close with code 1005', '!raw 880203ed', failed),
  breaks('the target sends a Close with code 999', '!raw 880203e7', failed),
  breaks('the target sends a Close with a reason that is no UTF-8', '!raw 880303e8ff', failed),
  breaks('the target sends a Close with code 2999', '!raw 88020bb7', failed),
  breaks('the target sends a Close with code 5000', '!raw 88021388', failed),
  breaks('the target sends a Close with code 1016', '!raw 880203f8', failed),
  breaks('the target sends a Close with code 1004', '!raw 880203ec', failed),
  breaks('the target sends a Close with code 1015', '!raw 880203f7', failed),
  {
    name: 'a ping is answered, and is no message',
    run: async ({ opened, echo, finish }) => {
      const socket = await opened();
      await echo(socket, '!ping', 'hello');
      await finish(socket);
    },
    trace: ['OPEN open', 'OPEN message "pong 12"', 'OPEN message "hello"', 'CLOSED close 1000 "" clean'],
  },
  {
    name: 'fragments are one message, whatever comes between them',
    run: async ({ opened, next, finish }) => {
      const socket = await opened();
      // The letter ż is cut in two; a ping, and an empty fragment.
      socket.send('!raw 0102 61c5 8901 21 0000 8002 bc62');
      await next(socket, 'message');
      // Of bytes; a pong nobody asked for.
      socket.send('!raw 020101 8a00 000102 800103');
      await next(socket, 'message');
      await finish(socket);
    },
    trace: ['OPEN open', 'OPEN message "ażb"', 'OPEN message blob 3 010203', 'CLOSED close 1000 "" clean'],
  },
  {
    name: 'messages that came before the connection broke',
    run: async ({ opened, next }) => {
      const socket = await opened();
      socket.send('one');
      socket.send('!burst 3');
      socket.send('!terminate');
      await next(socket, 'close');
    },
    trace: [
      'OPEN open',
      'OPEN message "one"',
      'OPEN message "burst 1"',
      'OPEN message "burst 2"',
      'OPEN message "burst 3"',
      'CLOSED close 1006 "" unclean',
    ],
  },
  {
    name: 'the connection breaks while CLOSING',
    run: async ({ opened, next }) => {
      const socket = await opened();
      socket.send('!terminate');
      socket.close(3000, 'bye');
      await next(socket, 'close');
    },
    trace: ['OPEN open', 'CLOSED close 1006 "" unclean'],
  },
];
