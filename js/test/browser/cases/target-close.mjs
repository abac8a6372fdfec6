/** The target closes. */
const closes = (name, command, trace) => ({
  name: `the target closes with ${name}`,
  args: { command },
  run: async ({ opened, next, heard, command }) => {
    const socket = await opened();
    socket.send(command);
    await next(socket, 'close');
    await heard(socket);
  },
  trace,
});

export default [
  closes('1000', '!close 1000', ['OPEN open', 'CLOSED close 1000 "" clean', 'target heard close 1000 ""']),
  closes('no code', '!close', ['OPEN open', 'CLOSED close 1005 "" clean', 'target heard close 1005 ""']),
  closes('1001', '!close 1001 going away', [
    'OPEN open',
    'CLOSED close 1001 "going away" clean',
    'target heard close 1001 "going away"',
  ]),
  closes('1011', '!close 1011 my own fault', [
    'OPEN open',
    'CLOSED close 1011 "my own fault" clean',
    'target heard close 1011 "my own fault"',
  ]),
  closes('3001 and a reason', '!close 3001 a reason', [
    'OPEN open',
    'CLOSED close 3001 "a reason" clean',
    'target heard close 3001 "a reason"',
  ]),
  closes('a reason of any letters', '!close 4999 żółw 👩 "quoted" </script>\u2028 &reason=%00\0', [
    'OPEN open',
    'CLOSED close 4999 "żółw 👩 \\"quoted\\" </script>\u2028 &reason=%00\\u0000" clean',
    'target heard close 4999 "żółw 👩 \\"quoted\\" </script>\u2028 &reason=%00\\u0000"',
  ]),
  closes('a reason of 123 bytes', `!close 1000 ${'x'.repeat(123)}`, [
    'OPEN open',
    `CLOSED close 1000 "${'x'.repeat(123)}" clean`,
    `target heard close 1000 "${'x'.repeat(123)}"`,
  ]),
  {
    name: 'both close at the same time',
    run: async ({ opened, next }) => {
      const socket = await opened();
      socket.send('!close 3001 the target');
      socket.close(3002, 'the client');
      await next(socket, 'close');
    },
    // What the target hears depends on whether its own Close is faster.
    trace: ['OPEN open', 'CLOSED close 3001 "the target" clean'],
  },
];
