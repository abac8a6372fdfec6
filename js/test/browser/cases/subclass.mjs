/** Classes that extend this one. */
export default [
  {
    name: 'subclasses',
    run: async ({ WebSocket, target, watch, next, say, attempt }) => {
      class Chat extends WebSocket {
        constructor(room) {
          super(`${target}/${room}`, []);
          this.room = room;
        }
        static secure = false;
        greet() {
          this.send(`hello ${this.room}`);
        }
        send(data) {
          super.send(`<${data}>`);
        }
        get readyStateName() {
          return ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'][this.readyState];
        }
      }
      const chat = watch(new Chat('tea'));
      say(`${chat.readyStateName} ${chat.url} ${chat.room}`);
      attempt('instanceof Chat', () => chat instanceof Chat);
      attempt('instanceof WebSocket', () => chat instanceof WebSocket);
      attempt('constructor', () => chat.constructor === Chat);
      attempt('String', () => String(chat));
      attempt('constants', () => [Chat.OPEN, Chat.CLOSED, chat.OPEN].join());
      await next(chat, 'open');
      chat.greet();
      await next(chat, 'message');
      chat.close(3000);
      await next(chat, 'close');
    },
    trace: [
      'CONNECTING ws://TARGET/tea tea',
      'instanceof Chat gives true',
      'instanceof WebSocket gives true',
      'constructor gives true',
      'String gives "[object WebSocket]"',
      'constants gives "1,3,1"',
      'OPEN open',
      'OPEN message "<hello tea>"',
      'CLOSED close 3000 "" clean',
    ],
  },
];
