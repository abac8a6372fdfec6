/** The client closes. */
export default [
  {
    name: 'close()',
    run: async ({ opened, next, attempt, say, heard }) => {
      const socket = await opened();
      attempt('close()', () => socket.close(), socket);
      for (let i = 0; i < 100; i++) await null;
      say(`readyState ${socket.readyState}`);
      await next(socket, 'close');
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'close() gives undefined: CLOSING',
      'readyState 2',
      'CLOSED close 1005 "" clean',
      'target heard close 1005 ""',
    ],
  },
  {
    name: 'close(1000)',
    run: async ({ opened, next, heard }) => {
      const socket = await opened();
      socket.close(1000);
      await next(socket, 'close');
      await heard(socket);
    },
    trace: ['OPEN open', 'CLOSED close 1000 "" clean', 'target heard close 1000 ""'],
  },
  {
    name: 'close(3000, "reason")',
    run: async ({ opened, next, heard }) => {
      const socket = await opened();
      socket.close(3000, 'reason');
      await next(socket, 'close');
      await heard(socket);
    },
    trace: ['OPEN open', 'CLOSED close 3000 "reason" clean', 'target heard close 3000 "reason"'],
  },
  {
    name: 'close(4999, 123 bytes)',
    run: async ({ opened, next, heard }) => {
      const socket = await opened();
      socket.close(4999, 'é'.repeat(60) + 'abc');
      await next(socket, 'close');
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'CLOSED close 4999 "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééabc" clean',
      'target heard close 4999 "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééabc"',
    ],
  },
  {
    name: 'a reason of any letters',
    run: async ({ opened, next, heard }) => {
      const socket = await opened();
      socket.close(3001, 'żółw 👩 "quoted" </script>\u2028 &reason=%00\0 \ud800');
      await next(socket, 'close');
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'CLOSED close 3001 "żółw 👩 \\"quoted\\" </script>\u2028 &reason=%00\\u0000 �" clean',
      'target heard close 3001 "żółw 👩 \\"quoted\\" </script>\u2028 &reason=%00\\u0000 �"',
    ],
  },
  {
    name: 'close twice',
    run: async ({ opened, next, attempt, heard }) => {
      const socket = await opened();
      attempt('close(3000, "first")', () => socket.close(3000, 'first'), socket);
      attempt('close(3001, "second")', () => socket.close(3001, 'second'), socket);
      attempt('close(2)', () => socket.close(2), socket);
      await next(socket, 'close');
      attempt('close()', () => socket.close(), socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'close(3000, "first") gives undefined: CLOSING',
      'close(3001, "second") gives undefined: CLOSING',
      'close(2) throws DOMException InvalidAccessError: CLOSING',
      'CLOSED close 3000 "first" clean',
      'close() gives undefined: CLOSED',
      'target heard close 3000 "first"',
    ],
  },
  {
    name: 'what was sent before close arrives before it',
    run: async ({ opened, next, noise, heard }) => {
      const socket = await opened();
      socket.send('text');
      socket.send(new Blob(['blob']));
      socket.send(noise(300_000));
      socket.send('last');
      socket.close(3002, 'done');
      await next(socket, 'close');
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'CLOSED close 3002 "done" clean',
      'target heard text "text"',
      'target heard binary 4 626c6f62',
      'target heard binary 300000 sha256 d83a084586b297e89a85942572841f72882e7791fcfae6bff551346a4245a632',
      'target heard text "last"',
      'target heard close 3002 "done"',
    ],
  },
  {
    name: 'what comes while CLOSING is not delivered',
    run: async ({ opened, next, say }) => {
      const socket = await opened();
      socket.send('!burst 10');
      socket.close();
      say(`readyState ${socket.readyState}`);
      await next(socket, 'close');
    },
    trace: ['OPEN open', 'readyState 2', 'CLOSED close 1005 "" clean'],
  },
  {
    name: 'close in a message handler',
    run: async ({ opened, next }) => {
      const socket = await opened();
      socket.onmessage = ({ data }) => data === 'burst 3' && socket.close(1000, 'enough');
      socket.send('!burst 10');
      await next(socket, 'close');
    },
    trace: [
      'OPEN open',
      'OPEN message "burst 1"',
      'OPEN message "burst 2"',
      'OPEN message "burst 3"',
      'CLOSED close 1000 "enough" clean',
    ],
  },
  {
    name: 'close in an open handler',
    run: async ({ open, next, heard }) => {
      const socket = open('&greet=2');
      socket.onopen = () => socket.close(3003);
      await next(socket, 'close');
      await heard(socket);
    },
    trace: ['OPEN open', 'CLOSED close 3003 "" clean', 'target heard close 3003 ""'],
  },
];
