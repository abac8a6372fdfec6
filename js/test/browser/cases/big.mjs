/** Messages that no single read, write or request holds. */
export default [
  {
    name: 'a text of 1 MiB',
    deadline: 20_000,
    run: async ({ opened, echo, finish, heard }) => {
      const socket = await opened();
      await echo(socket, 'zażółć 日本 👩 "</\u2028 '.repeat(36_000), 'and a small one');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message text 1080000 sha256 67f9b55eaf0289a2dc3e9df831e56cde1427c31c94b40a527e60aae334c8fceb',
      'OPEN message "and a small one"',
      'CLOSED close 1000 "" clean',
      'target heard text 1080000 sha256 67f9b55eaf0289a2dc3e9df831e56cde1427c31c94b40a527e60aae334c8fceb',
      'target heard text "and a small one"',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'a binary of 1 MiB, as a Blob and as an ArrayBuffer',
    deadline: 20_000,
    run: async ({ opened, echo, noise, finish, heard }) => {
      const socket = await opened();
      await echo(socket, noise(1 << 20));
      socket.binaryType = 'arraybuffer';
      await echo(socket, new Blob([noise(1 << 20)]), 'and a small one');
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message blob 1048576 sha256 30b93b424b6eaae04620a6bafe1f7eb6b2aa62fb1455210bd5be45730fa777ff',
      'OPEN message arraybuffer 1048576 sha256 30b93b424b6eaae04620a6bafe1f7eb6b2aa62fb1455210bd5be45730fa777ff',
      'OPEN message "and a small one"',
      'CLOSED close 1000 "" clean',
      'target heard binary 1048576 sha256 30b93b424b6eaae04620a6bafe1f7eb6b2aa62fb1455210bd5be45730fa777ff',
      'target heard binary 1048576 sha256 30b93b424b6eaae04620a6bafe1f7eb6b2aa62fb1455210bd5be45730fa777ff',
      'target heard text "and a small one"',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'a binary of 5 MiB, byte for byte',
    deadline: 40_000,
    run: async ({ opened, next, noise, say, finish, heard }) => {
      const socket = await opened();
      socket.binaryType = 'arraybuffer';
      const sent = noise(5 << 20);
      socket.send(sent);
      const { data } = await next(socket, 'message');
      const got = new Uint8Array(data);
      say(`differs at ${sent.findIndex((byte, i) => byte !== got[i])}`);
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message arraybuffer 5242880 sha256 e9a81188e0425fa657c93cec88b47707f5c2c415cd2168f8cdf764df9477dc51',
      'differs at -1',
      'CLOSED close 1000 "" clean',
      'target heard binary 5242880 sha256 e9a81188e0425fa657c93cec88b47707f5c2c415cd2168f8cdf764df9477dc51',
      'target heard close 1000 ""',
    ],
  },
  {
    name: 'sizes around where frames change their shape',
    run: async ({ opened, echo, noise, finish, heard }) => {
      const socket = await opened();
      await echo(socket, ...[125, 126, 127, 128, 65534, 65535, 65536, 65537].map(noise));
      await finish(socket);
      await heard(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message blob 125 sha256 b203a82f059d79273ac08d5a7bf293aded4fa285e5326ac7d85865664cb7c78c',
      'OPEN message blob 126 sha256 f0597858d091c7333df3082d0e7d38ca914d0647938369b14d1922c3abbc1a01',
      'OPEN message blob 127 sha256 c3a55802b1d5e74e3802178843f2e7b714eaa48806d4dd98838270cd592742f8',
      'OPEN message blob 128 sha256 a46949b549b016c00294f674f78eb6895957eefb837bb5becaa97f3fe24d919a',
      'OPEN message blob 65534 sha256 ef37b535eb0f22125def92fb4a7407ac87b330adbfc1748cd772273010216a4f',
      'OPEN message blob 65535 sha256 1bfbb868568f1ff4a13aa47b0eaaa4f8c73f609ddf23694b7a981b2ac64fa395',
      'OPEN message blob 65536 sha256 6e913746b7e75f858d0512ec922c14b3c36fffa38f0e79f61cb211c0f760bd2b',
      'OPEN message blob 65537 sha256 1ffb602c8f77d271ee96f4c48f334de1f136ef3aac366de66a2646d48bedfd68',
      'CLOSED close 1000 "" clean',
      'target heard binary 125 sha256 b203a82f059d79273ac08d5a7bf293aded4fa285e5326ac7d85865664cb7c78c',
      'target heard binary 126 sha256 f0597858d091c7333df3082d0e7d38ca914d0647938369b14d1922c3abbc1a01',
      'target heard binary 127 sha256 c3a55802b1d5e74e3802178843f2e7b714eaa48806d4dd98838270cd592742f8',
      'target heard binary 128 sha256 a46949b549b016c00294f674f78eb6895957eefb837bb5becaa97f3fe24d919a',
      'target heard binary 65534 sha256 ef37b535eb0f22125def92fb4a7407ac87b330adbfc1748cd772273010216a4f',
      'target heard binary 65535 sha256 1bfbb868568f1ff4a13aa47b0eaaa4f8c73f609ddf23694b7a981b2ac64fa395',
      'target heard binary 65536 sha256 6e913746b7e75f858d0512ec922c14b3c36fffa38f0e79f61cb211c0f760bd2b',
      'target heard binary 65537 sha256 1ffb602c8f77d271ee96f4c48f334de1f136ef3aac366de66a2646d48bedfd68',
      'target heard close 1000 ""',
    ],
  },
];
