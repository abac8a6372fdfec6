// The browser's own WebSocket, in a test's hands: it opens, fails, is cut and hears when the test says so.

/** A class of them, and in `made` all that it has made. They close as browsers' do, within a moment of the clock. */
export function nativeClass(clock) {
  return class Native {
    static made = [];
    /** 0 to 3, as its readyState. */
    state = 0;
    protocol = '';
    extensions = '';
    bufferedAmount = 0;
    /** What was given to send; and to close, as `[code, reason]`. */
    sent = [];
    closes = [];
    onopen = (this.onerror = this.onclose = this.onmessage = null);

    constructor(url, protocols = []) {
      Object.assign(this, { url, protocols });
      Native.made.push(this);
    }

    /** Whether close was called. */
    get closed() {
      return this.closes.length > 0;
    }

    /** Whether somebody has a connection to the target by it, or might get one. */
    get live() {
      return this.state < 2;
    }

    send(data) {
      if (this.state === 0) throw new Error('it is not open yet');
      if (this.state === 1) this.sent.push(data);
    }

    close(...args) {
      this.closes.push(args);
      if (this.state > 1) return;
      const open = this.state === 1;
      this.state = 2;
      clock.after(5, () => (open ? this.#end(args[0] ?? 1005, args[1] ?? '', true) : this.dies()));
    }

    opens(protocol = '') {
      if (this.state !== 0) return;
      this.state = 1;
      this.protocol = protocol;
      this.onopen?.({});
    }

    says(data) {
      if (this.state === 1) this.onmessage?.({ data });
    }

    /** It does not open, or is cut. */
    dies() {
      if (this.state === 3) return;
      this.state = 3;
      this.onerror?.({});
      this.#end(1006, '', false);
    }

    /** The target closes it. */
    ends(code, reason = '') {
      this.#end(code, reason, true);
    }

    #end(code, reason, wasClean) {
      this.state = 3;
      this.onclose?.({ code, reason, wasClean });
    }
  };
}
