/** The events themselves. */
// What every event has, and what is sent into the page as `show`.
const show = ['type', 'bubbles', 'cancelable', 'composed', 'defaultPrevented', 'returnValue', 'cancelBubble'];
export default [
  {
    name: 'events',
    args: { show },
    run: async ({ open, next, say, show }) => {
      const socket = open();
      const describe = (event) => {
        say(show.map((name) => `${name} ${event[name]}`).join(', '));
        say(`class ${event.constructor.name}, ${event}, instanceof Event ${event instanceof Event}`);
        say(`path ${event.composedPath().map((of) => of === socket)}, srcElement ${event.srcElement === socket}`);
        say(`timeStamp ${event.timeStamp > 0 && event.timeStamp <= performance.now()}`);
      };
      socket.onopen = (event) => {
        describe(event);
        socket.send('x');
      };
      socket.onmessage = (event) => {
        describe(event);
        const { lastEventId, source, ports, origin } = event;
        say(`lastEventId "${lastEventId}", source ${source}, origin ${origin}`);
        say(`ports ${ports.length}, frozen ${Object.isFrozen(ports)}`);
        socket.close(3000, 'y');
      };
      socket.onclose = (event) => {
        describe(event);
        say(`wasClean ${event.wasClean}, code ${event.code}, reason ${event.reason}`);
      };
      const event = await next(socket, 'open');
      await next(socket, 'close');
      const { target, currentTarget, eventPhase } = event;
      say(`afterwards: target ${target === socket}, currentTarget ${currentTarget}, phase ${eventPhase}`);
    },
    trace: [
      'OPEN open',
      'type open, bubbles false, cancelable false, composed false, defaultPrevented false, returnValue true, cancelBubble false',
      'class Event, [object Event], instanceof Event true',
      'path true, srcElement true',
      'timeStamp true',
      'OPEN message "x"',
      'type message, bubbles false, cancelable false, composed false, defaultPrevented false, returnValue true, cancelBubble false',
      'class MessageEvent, [object MessageEvent], instanceof Event true',
      'path true, srcElement true',
      'timeStamp true',
      'lastEventId "", source null, origin ws://TARGET',
      'ports 0, frozen true',
      'CLOSED close 3000 "y" clean',
      'type close, bubbles false, cancelable false, composed false, defaultPrevented false, returnValue true, cancelBubble false',
      'class CloseEvent, [object CloseEvent], instanceof Event true',
      'path true, srcElement true',
      'timeStamp true',
      'wasClean true, code 3000, reason y',
      'afterwards: target true, currentTarget null, phase 0',
    ],
  },
  {
    name: 'the error event',
    target: 'nobody',
    args: { show },
    run: async ({ open, next, say, show }) => {
      const socket = open();
      socket.onerror = (event) => {
        say(show.map((name) => `${name} ${event[name]}`).join(', '));
        say(`class ${event.constructor.name}, ${event}, message ${event.message}`);
      };
      await next(socket, 'close');
    },
    trace: [
      'CLOSED error',
      'type error, bubbles false, cancelable false, composed false, defaultPrevented false, returnValue true, cancelBubble false',
      'class Event, [object Event], message undefined',
      'CLOSED close 1006 "" unclean',
    ],
  },
  {
    name: 'each event is a task of its own',
    run: async ({ open, next, say }) => {
      const socket = open('&greet=2&close=1000');
      for (const type of ['open', 'message', 'close']) {
        socket.addEventListener(type, () => queueMicrotask(() => say(`microtask after ${type}`)));
      }
      await next(socket, 'close');
    },
    trace: [
      'OPEN open',
      'microtask after open',
      'OPEN message "greeting 1"',
      'microtask after message',
      'OPEN message blob 1 02',
      'microtask after message',
      'CLOSED close 1000 "" clean',
      'microtask after close',
    ],
  },
];
