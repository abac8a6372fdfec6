/** Who hears of an event, and in which order. */
export default [
  {
    name: 'on* attributes and listeners are called in the order they came',
    run: async ({ open, next, say, finish }) => {
      const socket = open();
      socket.addEventListener('open', () => say('first listener'));
      socket.onopen = () => say('onopen, not called');
      socket.addEventListener('open', () => say('second listener'));
      socket.onopen = () => say('onopen, set again, in its old place');
      socket.onclose = () => say('onclose, taken away');
      socket.addEventListener('close', () => say('close listener'));
      socket.onclose = null;
      socket.onclose = () => say('onclose, set after null, in a new place');
      await next(socket, 'open');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'first listener',
      'onopen, set again, in its old place',
      'second listener',
      'CLOSED close 1000 "" clean',
      'close listener',
      'onclose, set after null, in a new place',
    ],
  },
  {
    name: 'options of addEventListener',
    run: async ({ opened, echo, say, finish }) => {
      const socket = await opened();
      const twice = () => say('added twice');
      socket.addEventListener('message', twice);
      socket.addEventListener('message', twice, { passive: true });
      socket.addEventListener('message', () => say('once'), { once: true });
      const stop = new AbortController();
      socket.addEventListener('message', () => say('until aborted'), { signal: stop.signal });
      socket.addEventListener('message', () => say('never'), { signal: AbortSignal.abort() });
      socket.addEventListener('message', null);
      await echo(socket, '1');
      stop.abort();
      socket.removeEventListener('message', twice, { capture: true }); // another one, which there is not
      await echo(socket, '2');
      socket.removeEventListener('message', twice);
      await echo(socket, '3');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "1"',
      'added twice',
      'once',
      'until aborted',
      'OPEN message "2"',
      'added twice',
      'OPEN message "3"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'listeners that come and go while an event is told',
    run: async ({ opened, echo, say, finish }) => {
      const socket = await opened();
      const second = () => say('second');
      const late = () => say('late');
      socket.addEventListener('message', function first() {
        say('first');
        socket.removeEventListener('message', first);
        socket.removeEventListener('message', second);
        socket.addEventListener('message', late);
        socket.onmessage = () => say('late onmessage');
      });
      socket.addEventListener('message', second);
      await echo(socket, '1', '2');
      socket.removeEventListener('message', late);
      socket.onmessage = null;
      await echo(socket, '3');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "1"',
      'first',
      'OPEN message "2"',
      'late',
      'late onmessage',
      'OPEN message "3"',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'stopImmediatePropagation',
    run: async ({ opened, echo, say, finish }) => {
      const socket = await opened();
      socket.addEventListener('message', (event) => {
        say('first');
        if (event.data === 'stop') event.stopImmediatePropagation();
        if (event.data === 'go') event.stopPropagation();
      });
      socket.onmessage = () => say('onmessage');
      await echo(socket, 'stop', 'go');
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "stop"',
      'first',
      'OPEN message "go"',
      'first',
      'onmessage',
      'CLOSED close 1000 "" clean',
    ],
  },
  {
    name: 'dispatchEvent',
    run: async ({ opened, echo, say, attempt, finish }) => {
      const socket = await opened();
      socket.onmessage = (event) => {
        say(`onmessage ${event.data}, trusted ${event.isTrusted}`);
      };
      socket.addEventListener('mine', (event) => event.preventDefault());
      attempt('dispatch message', () =>
        socket.dispatchEvent(new MessageEvent('message', { data: 'made up', origin: new URL(socket.url).origin })),
      );
      attempt('dispatch mine', () => socket.dispatchEvent(new Event('mine')));
      attempt('dispatch mine, cancelable', () => socket.dispatchEvent(new Event('mine', { cancelable: true })));
      attempt('dispatch nothing', () => socket.dispatchEvent({}));
      say(`readyState ${socket.readyState}`);
      await finish(socket);
    },
    trace: [
      'OPEN open',
      'OPEN message "made up"',
      'onmessage made up, trusted false',
      'dispatch message gives true',
      'dispatch mine gives true',
      'dispatch mine, cancelable gives false',
      'dispatch nothing throws TypeError',
      'readyState 1',
      'CLOSED close 1000 "" clean',
    ],
  },
];
