/** The time before a socket is open. */
export default [
  {
    name: 'a socket is CONNECTING until a later task',
    run: async ({ open, next, say, finish }) => {
      const socket = open();
      say(`readyState ${socket.readyState}, protocol "${socket.protocol}", extensions "${socket.extensions}"`);
      say(`bufferedAmount ${socket.bufferedAmount}, binaryType ${socket.binaryType}`);
      for (let i = 0; i < 100; i++) await null;
      say(`readyState ${socket.readyState}`);
      await next(socket, 'open');
      say(`readyState ${socket.readyState}, protocol "${socket.protocol}", extensions "${socket.extensions}"`);
      await finish(socket);
      say(`readyState ${socket.readyState}, protocol "${socket.protocol}", extensions "${socket.extensions}"`);
    },
    trace: [
      'readyState 0, protocol "", extensions ""',
      'bufferedAmount 0, binaryType blob',
      'readyState 0',
      'OPEN open',
      'readyState 1, protocol "", extensions ""',
      'CLOSED close 1000 "" clean',
      'readyState 3, protocol "", extensions ""',
    ],
  },
  {
    name: 'send throws while CONNECTING',
    run: async ({ open, next, attempt, say, echo, finish, heard }) => {
      const socket = open();
      attempt('send("early")', () => socket.send('early'), socket);
      attempt('send(view)', () => socket.send(new Uint8Array(3)), socket);
      attempt('send(blob)', () => socket.send(new Blob(['early'])), socket);
      attempt('send()', () => socket.send(), socket);
      attempt('send(Symbol())', () => socket.send(Symbol()), socket);
      say(`bufferedAmount ${socket.bufferedAmount}`);
      await next(socket, 'open');
      await echo(socket, 'in time');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'send("early") throws DOMException InvalidStateError: CONNECTING',
      'send(view) throws DOMException InvalidStateError: CONNECTING',
      'send(blob) throws DOMException InvalidStateError: CONNECTING',
      'send() throws TypeError: CONNECTING',
      'send(Symbol()) throws TypeError: CONNECTING',
      'bufferedAmount 0',
      'OPEN open',
      'OPEN message "in time"',
      'CLOSED close 1000 "" clean',
      'target heard text "in time"',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'a target that answers the handshake late',
    run: async ({ open, next, tell, say, echo, finish }) => {
      const socket = open('&answer=late');
      await tell(socket, 'answer');
      say('it was asked, and told to answer');
      await next(socket, 'open');
      await echo(socket, 'hello');
      await finish(socket);
    },
    trace: ['it was asked, and told to answer', 'OPEN open', 'OPEN message "hello"', 'CLOSED close 1000 "" clean'],
  },
  {
    name: 'close while CONNECTING',
    run: async ({ open, next, attempt, say }) => {
      const socket = open('&answer=late');
      attempt('close()', () => socket.close(), socket);
      attempt('send("x")', () => socket.send('x'), socket);
      say(`bufferedAmount ${socket.bufferedAmount}`);
      for (let i = 0; i < 100; i++) await null;
      say(`readyState ${socket.readyState}`);
      attempt('close() again', () => socket.close(), socket);
      await next(socket, 'close');
      attempt('close() once more', () => socket.close(), socket);
    },
    trace: [
      'close() gives undefined: CLOSING',
      'send("x") gives undefined: CLOSING',
      'bufferedAmount 1',
      'readyState 2',
      'close() again gives undefined: CLOSING',
      'CLOSED error',
      'CLOSED close 1006 "" unclean',
      'close() once more gives undefined: CLOSED',
    ],
  },
  {
    name: 'close with a code and a reason while CONNECTING',
    run: async ({ open, next, attempt }) => {
      const socket = open('&answer=late');
      attempt('close(3000, "too soon")', () => socket.close(3000, 'too soon'), socket);
      await next(socket, 'close');
    },
    trace: ['close(3000, "too soon") gives undefined: CLOSING', 'CLOSED error', 'CLOSED close 1006 "" unclean'],
  },
  {
    name: 'close while the target has not answered the handshake, and then does',
    run: async ({ open, next, asked, tell, gone, say }) => {
      const socket = open('&answer=late');
      await asked(socket);
      socket.close();
      await next(socket, 'close');
      await tell(socket, 'answer');
      await gone(socket);
      say('it is closed at the target');
    },
    trace: ['CLOSED error', 'CLOSED close 1006 "" unclean', 'it is closed at the target'],
  },
];
