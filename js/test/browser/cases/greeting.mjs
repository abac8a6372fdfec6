/** A target that speaks first. */
export default [
  {
    name: 'messages that come with the handshake come after open',
    run: async ({ open, next, say, finish }) => {
      const socket = open('&greet=4');
      socket.onopen = () => {
        socket.binaryType = 'arraybuffer';
        say('onopen');
      };
      for (let i = 0; i < 4; i++) await next(socket, 'message');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'onopen',
      'OPEN message "greeting 1"',
      'OPEN message arraybuffer 1 02',
      'OPEN message "greeting 3"',
      'OPEN message arraybuffer 1 04',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'all messages come before the close that follows them at once',
    run: async ({ open, next, say }) => {
      const socket = open('&greet=6&close=3001%20that+was+all');
      await next(socket, 'close');
      say(`readyState ${socket.readyState}`);
    },
    trace: [
      'OPEN open',
      'OPEN message "greeting 1"',
      'OPEN message blob 1 02',
      'OPEN message "greeting 3"',
      'OPEN message blob 1 04',
      'OPEN message "greeting 5"',
      'OPEN message blob 1 06',
      'CLOSED close 3001 "that was all" clean',
      'readyState 3',
    ],
  },
  {
    name: 'a target that closes at once',
    run: async ({ open, next, heard }) => {
      const socket = open('&close=1000');
      await next(socket, 'close');
      await heard(socket);
    },
    trace: ['OPEN open', 'CLOSED close 1000 "" clean', 'target heard close 1000 ""'],
  },
  {
    name: 'a socket that the target closed can be sent to, in vain',
    run: async ({ open, next, attempt, say, heard }) => {
      const socket = open('&close=4000%20no');
      await next(socket, 'close');
      attempt('send("12345")', () => socket.send('12345'), socket);
      say(`bufferedAmount ${socket.bufferedAmount}`);
      attempt('close(3000)', () => socket.close(3000), socket);
      attempt('close(1)', () => socket.close(1), socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'CLOSED close 4000 "no" clean',
      'send("12345") gives undefined: CLOSED',
      'bufferedAmount 5',
      'close(3000) gives undefined: CLOSED',
      'close(1) throws DOMException InvalidAccessError: CLOSED',
      'target heard close 4000 "no"',
    ],
  },
];
