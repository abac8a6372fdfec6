/** Bytes go from whatever holds them, and come as a Blob or an ArrayBuffer. */
export default [
  {
    name: 'binary comes as a Blob unless told otherwise',
    run: async ({ opened, next, say, finish, heard }) => {
      const socket = await opened();
      say(`binaryType ${socket.binaryType}`);
      socket.send(new Uint8Array([0, 127, 128, 255]));
      const { data } = await next(socket, 'message');
      say(`${data.constructor.name} of size ${data.size} and type ${JSON.stringify(data.type)}`);
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'binaryType blob',
      'OPEN message blob 4 007f80ff',
      'Blob of size 4 and type ""',
      'CLOSED close 1000 "" clean',
      'target heard binary 4 007f80ff',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'binary comes as an ArrayBuffer when told so',
    run: async ({ opened, echo, finish }) => {
      const socket = await opened();
      socket.binaryType = 'arraybuffer';
      await echo(socket, new Uint8Array([0, 127, 128, 255]), 'text stays text');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message arraybuffer 4 007f80ff',
      'OPEN message "text stays text"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'binaryType holds from the next message on',
    run: async ({ open, next, say, finish }) => {
      const socket = open();
      socket.binaryType = 'arraybuffer'; // while CONNECTING
      await next(socket, 'open');
      const types = ['blob', 'arraybuffer', 'blob'];
      socket.onmessage = () => (socket.binaryType = types.shift() ?? socket.binaryType);
      for (const byte of [1, 2, 3, 4, 5]) socket.send(new Uint8Array([byte]));
      for (let i = 0; i < 5; i++) await next(socket, 'message');
      await finish(socket);
      socket.binaryType = 'arraybuffer';
      say(`binaryType ${socket.binaryType}`);
    },
    trace: [
      'OPEN open',
      'OPEN message arraybuffer 1 01',
      'OPEN message blob 1 02',
      'OPEN message arraybuffer 1 03',
      'OPEN message blob 1 04',
      'OPEN message blob 1 05',
      'CLOSED close 1000 "" clean',
      'binaryType arraybuffer',
    ],
  },
  {
    name: 'a binaryType that is none is ignored',
    run: async ({ opened, attempt, say, echo, finish }) => {
      const socket = await opened();
      for (const wrong of ['', 'Blob', 'ARRAYBUFFER', 'text', null, undefined, 0]) {
        attempt(`binaryType = ${wrong}`, () => ((socket.binaryType = wrong), socket.binaryType));
      }
      socket.binaryType = { toString: () => 'arraybuffer' };
      say(`binaryType ${socket.binaryType}`);
      await echo(socket, new Uint8Array([1]));
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'binaryType =  gives "blob"',
      'binaryType = Blob gives "blob"',
      'binaryType = ARRAYBUFFER gives "blob"',
      'binaryType = text gives "blob"',
      'binaryType = null gives "blob"',
      'binaryType = undefined gives "blob"',
      'binaryType = 0 gives "blob"',
      'binaryType arraybuffer',
      'OPEN message arraybuffer 1 01',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'all that holds bytes can be sent',
    run: async ({ opened, echo, finish }) => {
      const socket = await opened();
      const { buffer } = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
      await echo(socket, buffer, new Uint8Array(buffer, 2, 3), new DataView(buffer, 5), new DataView(buffer, 8));
      await echo(
        socket,
        new Int8Array(buffer, 1, 2),
        new Uint8ClampedArray(buffer, 3, 1),
        new Uint16Array(buffer, 2, 2),
      );
      await echo(socket, new Float64Array([1]), new BigInt64Array([-2n]), new Uint32Array(buffer).subarray(1));
      await echo(
        socket,
        new Blob(['a', new Uint8Array([0, 255]), 'ż'], { type: 'text/plain' }),
        new Blob(['xyz']).slice(1, 2),
      );
      await echo(socket, new File(['in a file'], 'name.txt'));
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message blob 8 0001020304050607',
      'OPEN message blob 3 020304',
      'OPEN message blob 3 050607',
      'OPEN message blob 0 ',
      'OPEN message blob 2 0102',
      'OPEN message blob 1 03',
      'OPEN message blob 4 02030405',
      'OPEN message blob 8 000000000000f03f',
      'OPEN message blob 8 feffffffffffffff',
      'OPEN message blob 4 04050607',
      'OPEN message blob 5 6100ffc5bc',
      'OPEN message blob 1 79',
      'OPEN message blob 9 696e20612066696c65',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'empty binary',
    run: async ({ opened, echo, finish, heard }) => {
      const socket = await opened();
      await echo(socket, new ArrayBuffer(0), new Uint8Array(), new Blob([]));
      socket.binaryType = 'arraybuffer';
      await echo(socket, new ArrayBuffer(0), new Uint8Array(), new Blob([]));
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message blob 0 ',
      'OPEN message blob 0 ',
      'OPEN message blob 0 ',
      'OPEN message arraybuffer 0 ',
      'OPEN message arraybuffer 0 ',
      'OPEN message arraybuffer 0 ',
      'CLOSED close 1000 "" clean',
      'target heard binary 0 ',
      'target heard binary 0 ',
      'target heard binary 0 ',
      'target heard binary 0 ',
      'target heard binary 0 ',
      'target heard binary 0 ',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'every byte there is',
    run: async ({ opened, echo, finish, heard }) => {
      const socket = await opened();
      socket.binaryType = 'arraybuffer';
      await echo(
        socket,
        Uint8Array.from({ length: 256 }, (_, i) => i),
      );
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message arraybuffer 256 sha256 40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880',
      'CLOSED close 1000 "" clean',
      'target heard binary 256 sha256 40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'bytes are those of the moment of send',
    run: async ({ opened, next, finish }) => {
      const socket = await opened();
      const bytes = new Uint8Array([1, 2, 3]);
      socket.send(bytes);
      bytes[0] = 9;
      socket.send(bytes.buffer);
      bytes.fill(0);
      await next(socket, 'message');
      await next(socket, 'message');
      await finish(socket);
    },
    trace: ['OPEN open', 'OPEN message blob 3 010203', 'OPEN message blob 3 090203', 'CLOSED close 1000 "" clean'],
  },
];
