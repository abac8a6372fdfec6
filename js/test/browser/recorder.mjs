/**
 * What runs in the page beside a case and writes its trace: put there before any script, it makes `globalThis.recorder`, whose
 * `WebSocket` is the class that cases get.
 *
 * A trace is a list of lines. An event's line begins with the state its socket is in: `OPEN message "hello"`. What is long
 * is told by its length and its digest, and what differs from run to run (ports, ids) by a name.
 */
export function recorder() {
  const states = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];
  const classes = { open: Event, message: MessageEvent, error: Event, close: CloseEvent };
  let current; // the run that window's errors belong to

  /** Runs a case. `names` are pairs of a name and what it stands for. */
  async function perform(run, { target, id, names, args }) {
    const { WebSocket } = globalThis.recorder;
    const lines = []; // strings, and promises of strings
    const inboxes = new Map(); // by socket: what has come, and who waits
    const ids = new Map(); // by socket
    current = { lines, say };

    /** Writes a line. */
    function say(line) {
      lines.push(plain(line));
    }

    function plain(line) {
      for (const [name, value] of names) line = line.replaceAll(value, name);
      return line.replaceAll(new RegExp(`${id}-\\d+`, 'g'), 'ID');
    }

    /** Writes down each event of a socket, with the label of this socket where a case has several. */
    function watch(socket, label = '') {
      const inbox = { open: [], message: [], error: [], close: [], waiting: [] };
      inboxes.set(socket, inbox);
      for (const type of Object.keys(classes)) {
        socket.addEventListener(type, (event) => {
          const line = lineOf(socket, event);
          lines.push(line.then ? line.then((l) => plain(label + l)) : plain(label + line));
          inbox[type].push(event);
          inbox.waiting.splice(0).forEach((wake) => wake());
        });
      }
      return socket;
    }

    /** Makes a socket to the target and watches it. */
    function open(query = '', protocols = [], label = '') {
      const own = `${id}-${ids.size}`;
      const socket = new WebSocket(`${target}/?id=${own}${query}`, protocols);
      ids.set(socket, own);
      return watch(socket, label);
    }

    /** Waits for the next event of a type, after those that were waited for before. */
    async function next(socket, type) {
      const inbox = inboxes.get(socket);
      while (inbox[type].length === 0) {
        if (inbox.close.length > 0) throw new Error(`it is closed, and there is no more ${type}`);
        await new Promise((wake) => inbox.waiting.push(wake));
      }
      // All listeners have their turn first: of those of a script's own events no microtask comes between.
      await task();
      return inbox[type].shift();
    }

    /** Makes a socket and waits until it is open. */
    async function opened(query, protocols, label) {
      const socket = open(query, protocols, label);
      await next(socket, 'open');
      return socket;
    }

    /** Sends each and waits for what comes back. */
    async function echo(socket, ...all) {
      for (const data of all) {
        socket.send(data);
        await next(socket, 'message');
      }
    }

    /** Closes a socket and waits until it is closed. */
    async function finish(socket) {
      socket.close(1000);
      await next(socket, 'close');
    }

    /** Tells the target to go on with what it holds back for this socket. */
    async function tell(socket, what) {
      await fetch(`${web()}/tell?id=${ids.get(socket)}&do=${what}`, { method: 'POST' });
    }

    /** Waits until the target has got the handshake of this socket. */
    async function asked(socket) {
      await fetch(`${web()}/asked?id=${ids.get(socket)}`);
    }

    /** Waits until this socket is closed at the target, and gives what was heard there. */
    async function gone(socket) {
      return (await fetch(`${web()}/heard?id=${ids.get(socket)}`)).json();
    }

    /** Writes down what the target has heard of this socket, once it is closed there. */
    async function heard(socket) {
      for (const line of await gone(socket)) say(`target heard ${line}`);
    }

    const web = () => target.replace('ws:', 'http:');

    /** Calls f and writes down what it gives or throws, and the state of the socket after it, where one is given. */
    function attempt(what, f, socket) {
      let outcome;
      try {
        outcome = `gives ${show(f())}`;
      } catch (error) {
        outcome = `throws ${error instanceof DOMException ? 'DOMException ' : ''}${error.name}`;
      }
      say(`${what} ${outcome}${socket ? `: ${states[socket.readyState]}` : ''}`);
    }

    /** Waits until a value has not changed for a while. */
    async function still(value) {
      for (let last, same = 0; same < 10;) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        same = value() === last ? same + 1 : 0;
        last = value();
      }
    }

    const hands = { say, watch, open, opened, next, echo, finish, attempt, asked, tell, gone, heard, still, noise };
    try {
      await run({ WebSocket, target, ...hands, ...args });
    } catch (error) {
      say(`the case failed: ${error}`);
    }
    // What comes too late, or twice, is seen all the same.
    await task();
    for (const socket of inboxes.keys()) {
      if (socket.readyState !== WebSocket.CLOSED) say('a socket is left open');
    }
    return Promise.all(lines);
  }

  // Waits for a task of its own.
  function task() {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(null);
    }).then(() => port1.close());
  }

  // An event as the trace has it.
  function lineOf(socket, event) {
    const wrong = faults(socket, event).map((fault) => `, but ${fault}`);
    const state = states[socket.readyState];
    if (event.type === 'close') {
      const clean = event.wasClean ? 'clean' : 'unclean';
      return `${state} close ${event.code} ${JSON.stringify(event.reason)} ${clean}${wrong}`;
    }
    if (event.type !== 'message') return `${state} ${event.type}${wrong}`;
    const data = describe(event.data);
    const line = (d) => `${state} message ${d}${wrong}`;
    return data.then ? data.then(line) : line(data);
  }

  // What every event of a socket must be.
  function faults(socket, event) {
    const expected = {
      class: [event.constructor, classes[event.type]],
      target: [event.target, socket],
      currentTarget: [event.currentTarget, socket],
      eventPhase: [event.eventPhase, Event.AT_TARGET],
      bubbles: [event.bubbles, false],
      cancelable: [event.cancelable, false],
      origin: event.type === 'message' ? [event.origin, new URL(socket.url).origin] : [],
    };
    return Object.keys(expected).filter((name) => expected[name][0] !== expected[name][1]);
  }

  function describe(data) {
    if (typeof data === 'string') {
      return data.length <= 200 ? JSON.stringify(data) : digest('text', new TextEncoder().encode(data));
    }
    if (data instanceof Blob) return data.arrayBuffer().then((buffer) => bytes('blob', new Uint8Array(buffer)));
    if (data instanceof ArrayBuffer) return bytes('arraybuffer', new Uint8Array(data));
    return show(data);
  }

  function bytes(kind, data) {
    if (data.length > 100) return digest(kind, data);
    return `${kind} ${data.length} ${hex(data)}`;
  }

  async function digest(kind, data) {
    return `${kind} ${data.length} sha256 ${hex(new Uint8Array(await crypto.subtle.digest('SHA-256', data)))}`;
  }

  const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');

  function show(value) {
    return typeof value === 'object' && value ? Object.prototype.toString.call(value) : JSON.stringify(value);
  }

  /** The same bytes each time, and no deflater's friend. */
  function noise(size) {
    const data = new Uint8Array(size);
    let x = size;
    for (let i = 0; i < size; i++) {
      x = (Math.imul(x, 1664525) + 1013904223) | 0;
      data[i] = x >>> 24;
    }
    return data;
  }

  // A handler that throws does so to the window.
  addEventListener('error', (event) => current?.say(`window error ${event.message}`));
  addEventListener('unhandledrejection', (event) => current?.say(`unhandled rejection ${event.reason}`));

  const soFar = () => current.lines.map((line) => (typeof line === 'string' ? line : 'message not read yet'));
  globalThis.recorder = { perform, soFar, WebSocket: globalThis.WebSocket };
}
