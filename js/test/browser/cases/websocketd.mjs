/** A target of quite another make: Debian's websocketd, which makes a message of each line that a program prints. */
export default [
  {
    name: 'websocketd: text through cat',
    target: 'cat',
    run: async ({ WebSocket, target, watch, next, echo, finish }) => {
      const socket = watch(new WebSocket(target));
      await next(socket, 'open');
      await echo(socket, 'hello', '', 'zażółć\u2028日本語 👩', 'x'.repeat(200_000), 'last');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "hello"',
      'OPEN message ""',
      'OPEN message "zażółć\u2028日本語 👩"',
      'OPEN message text 200000 sha256 91e3faafd322bcdf160f3f0ce886acb092b9b9e2a1e8526b40f21a8898a8700b',
      'OPEN message "last"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'websocketd: lines of several messages',
    target: 'cat',
    run: async ({ WebSocket, target, watch, next, finish }) => {
      const socket = watch(new WebSocket(target));
      await next(socket, 'open');
      socket.send('one\ntwo');
      socket.send('three');
      for (let i = 0; i < 3; i++) await next(socket, 'message');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "one"',
      'OPEN message "two"',
      'OPEN message "three"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'websocketd: close()',
    target: 'cat',
    run: async ({ WebSocket, target, watch, next }) => {
      const socket = watch(new WebSocket(target));
      await next(socket, 'open');
      socket.close();
      await next(socket, 'close');
    },
    trace: ['OPEN open', 'CLOSED close 1005 "" clean'],
  },
  {
    name: 'websocketd: a program that ends',
    target: 'once',
    run: async ({ WebSocket, target, watch, next }) => {
      const socket = watch(new WebSocket(target));
      await next(socket, 'open');
      socket.send('the only line');
      await next(socket, 'close');
    },
    trace: ['OPEN open', 'OPEN message "the only line"', 'CLOSED close 1006 "" unclean'],
  },
];
