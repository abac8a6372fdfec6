/** Messages come in the order they went, each once. */
const upTo = (count, line) => Array.from({ length: count }, (_, i) => line(i));

export default [
  {
    name: '100 texts in a burst',
    run: async ({ opened, next, finish, heard }) => {
      const socket = await opened();
      for (let i = 0; i < 100; i++) socket.send(`message ${i}`);
      for (let i = 0; i < 100; i++) await next(socket, 'message');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      ...upTo(100, (i) => `OPEN message "message ${i}"`),
      'CLOSED close 1000 "" clean',
      ...upTo(100, (i) => `target heard text "message ${i}"`),
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'the target sends 100 texts in a burst',
    run: async ({ opened, next, finish }) => {
      const socket = await opened();
      socket.send('!burst 100');
      for (let i = 0; i < 100; i++) await next(socket, 'message');
      await finish(socket);
    },
    trace: ['OPEN open', ...upTo(100, (i) => `OPEN message "burst ${i + 1}"`), 'CLOSED close 1000 "" clean'],
  },
  {
    name: 'text, bytes and blobs in one order',
    run: async ({ opened, next, noise, finish, heard }) => {
      const socket = await opened();
      // A Blob has to be read first, and a large one takes longer.
      socket.send(new Blob([new Uint8Array(150_000).fill(1)]));
      socket.send('after a large blob');
      socket.send(new Blob(['small']));
      socket.send(new Uint8Array([3]));
      socket.send(new Blob([]));
      socket.send('');
      socket.send(new Blob(['last']));
      for (let i = 0; i < 7; i++) await next(socket, 'message');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message blob 150000 sha256 53399c43cfcbc825e17d227fb9213043bdd0bde2c1923ca81927ad053f39a676',
      'OPEN message "after a large blob"',
      'OPEN message blob 5 736d616c6c',
      'OPEN message blob 1 03',
      'OPEN message blob 0 ',
      'OPEN message ""',
      'OPEN message blob 4 6c617374',
      'CLOSED close 1000 "" clean',
      'target heard binary 150000 sha256 53399c43cfcbc825e17d227fb9213043bdd0bde2c1923ca81927ad053f39a676',
      'target heard text "after a large blob"',
      'target heard binary 5 736d616c6c',
      'target heard binary 1 03',
      'target heard binary 0 ',
      'target heard text ""',
      'target heard binary 4 6c617374',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'what is sent while messages come',
    run: async ({ opened, next, finish }) => {
      const socket = await opened();
      socket.onmessage = ({ data }) => {
        if (data < 1000) (socket.send(data * 2), socket.send(`from ${data}`));
      };
      socket.send('250');
      for (let i = 0; i < 5; i++) await next(socket, 'message');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "250"',
      'OPEN message "500"',
      'OPEN message "from 250"',
      'OPEN message "1000"',
      'OPEN message "from 500"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'three sockets at a time do not mix',
    run: async ({ opened, next, finish }) => {
      const sockets = [await opened('', [], 'a: '), await opened('', [], 'b: '), await opened('', [], 'c: ')];
      for (const round of [1, 2]) {
        sockets.forEach((socket, i) => socket.send(`round ${round} to ${'abc'[i]}`));
        for (const socket of sockets) await next(socket, 'message');
      }
      for (const socket of sockets) await finish(socket);
    },
    grouped: true, // between sockets there is no order
    trace: [
      'a: OPEN open',
      'a: OPEN message "round 1 to a"',
      'a: OPEN message "round 2 to a"',
      'a: CLOSED close 1000 "" clean',
      'b: OPEN open',
      'b: OPEN message "round 1 to b"',
      'b: OPEN message "round 2 to b"',
      'b: CLOSED close 1000 "" clean',
      'c: OPEN open',
      'c: OPEN message "round 1 to c"',
      'c: OPEN message "round 2 to c"',
      'c: CLOSED close 1000 "" clean',
    ],
  },
  {
    name: '20 sockets one after the other',
    deadline: 20_000,
    run: async ({ opened, echo, finish }) => {
      for (let i = 1; i <= 20; i++) {
        const socket = await opened('', [], `${i}: `);
        await echo(socket, `hello ${i}`);
        await finish(socket);
      }
    },
    trace: upTo(20, (i) => [
      `${i + 1}: OPEN open`,
      `${i + 1}: OPEN message "hello ${i + 1}"`,
      `${i + 1}: CLOSED close 1000 "" clean`,
    ]).flat(),
  },
];
