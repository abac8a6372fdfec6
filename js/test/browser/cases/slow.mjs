/** A target that does not read for a while: more is sent than the buffers on the way hold. */
const digest = '2ca078e1abd312b4db1fe1a55971153adf5715323fcfc9af6f7d66602c5bf2af';
const parts = (line) => Array.from({ length: 12 }, (_, i) => line(i)).flat();

export default [
  {
    name: 'what was sent to a target that did not read arrives when it does',
    deadline: 40_000,
    run: async ({ opened, next, noise, still, tell, say, finish }) => {
      const socket = await opened();
      socket.send('!pause');
      for (let i = 0; i < 12; i++) {
        socket.send(noise(1 << 19));
        socket.send(`part ${i}`);
      }
      await still(() => socket.bufferedAmount);
      say(`some is buffered: ${socket.bufferedAmount > 0}`);
      await tell(socket, 'resume');
      for (let i = 0; i < 24; i++) await next(socket, 'message');
      say(`bufferedAmount ${socket.bufferedAmount}`);
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'some is buffered: true',
      ...parts((i) => [`OPEN message blob 524288 sha256 ${digest}`, `OPEN message "part ${i}"`]),
      'bufferedAmount 0',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'close waits for what a target that did not read has still to get',
    deadline: 40_000,
    run: async ({ opened, next, noise, still, tell, say, heard }) => {
      const socket = await opened();
      socket.send('!pause');
      for (let i = 0; i < 12; i++) {
        socket.send(noise(1 << 19));
        socket.send(`part ${i}`);
      }
      socket.close(3000, 'all sent');
      await still(() => socket.bufferedAmount);
      say(`readyState ${socket.readyState}`);
      await tell(socket, 'resume');
      await next(socket, 'close');
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'readyState 2',
      'CLOSED close 3000 "all sent" clean',
      ...parts((i) => [`target heard binary 524288 sha256 ${digest}`, `target heard text "part ${i}"`]),
      'target heard close 3000 "all sent"',
    ],
  },
];
