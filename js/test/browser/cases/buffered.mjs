/** bufferedAmount is in bytes of UTF-8, and counts what was sent and has not left. */
export default [
  {
    name: 'bufferedAmount counts bytes, at once',
    run: async ({ opened, next, say, finish }) => {
      const socket = await opened();
      const sizes = [socket.bufferedAmount];
      const all = [
        'abc',
        'é',
        '日',
        '👩',
        '\ud800',
        '',
        new Uint8Array(5),
        new DataView(new ArrayBuffer(9), 2),
        new Blob(['żx']),
      ];
      for (const data of all) {
        socket.send(data);
        sizes.push(socket.bufferedAmount);
      }
      say(`bufferedAmount ${sizes.join(' ')}`);
      for (let i = 0; i < all.length; i++) await next(socket, 'message');
      say(`bufferedAmount ${socket.bufferedAmount}`);
      await finish(socket);
      say(`bufferedAmount ${socket.bufferedAmount}`);
    },
    trace: [
      'OPEN open',
      'bufferedAmount 0 3 5 8 12 15 15 20 27 30',
      'OPEN message "abc"',
      'OPEN message "é"',
      'OPEN message "日"',
      'OPEN message "👩"',
      'OPEN message "\ufffd"',
      'OPEN message ""',
      'OPEN message blob 5 0000000000',
      'OPEN message blob 7 00000000000000',
      'OPEN message blob 3 c5bc78',
      'bufferedAmount 0',
      'CLOSED close 1000 "" clean',
      'bufferedAmount 0',
    ],
  },
  {
    name: 'bufferedAmount does not fall before the task ends',
    run: async ({ opened, next, say, finish }) => {
      const socket = await opened();
      socket.send('x'.repeat(1000));
      for (let i = 0; i < 100; i++) await null;
      say(`bufferedAmount ${socket.bufferedAmount}`);
      const end = performance.now() + 50;
      while (performance.now() < end);
      say(`bufferedAmount ${socket.bufferedAmount}`);
      await next(socket, 'message');
      say(`bufferedAmount ${socket.bufferedAmount}`);
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'bufferedAmount 1000',
      'bufferedAmount 1000',
      'OPEN message text 1000 sha256 44f8354494a5ba03ba1792a8d3e9c534c47a9181980fde7a3f44b06ef2ae7c7f',
      'bufferedAmount 0',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'what is sent after close is counted, never sent, and never taken off',
    run: async ({ opened, next, attempt, say, heard }) => {
      const socket = await opened();
      socket.close(1000);
      attempt('send("abc")', () => socket.send('abc'), socket);
      say(`bufferedAmount ${socket.bufferedAmount}`);
      attempt('send(blob)', () => socket.send(new Blob(['12345'])), socket);
      say(`bufferedAmount ${socket.bufferedAmount}`);
      await next(socket, 'close');
      say(`bufferedAmount ${socket.bufferedAmount}`);
      attempt('send(view)', () => socket.send(new Uint8Array(7)), socket);
      attempt('send("")', () => socket.send(''), socket);
      attempt('send()', () => socket.send(), socket);
      say(`bufferedAmount ${socket.bufferedAmount}`);
      await heard(socket);
      say(`bufferedAmount ${socket.bufferedAmount}`);
    },
    trace: [
      'OPEN open',
      'send("abc") gives undefined: CLOSING',
      'bufferedAmount 3',
      'send(blob) gives undefined: CLOSING',
      'bufferedAmount 8',
      'CLOSED close 1000 "" clean',
      'bufferedAmount 8',
      'send(view) gives undefined: CLOSED',
      'send("") gives undefined: CLOSED',
      'send() throws TypeError: CLOSED',
      'bufferedAmount 15',
      'target heard close 1000 ""',
      'bufferedAmount 15',
    ],
  },
];
