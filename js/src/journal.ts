import type { Info, TransportName } from './api.js';

/** How much a sentence tells of why nothing could be opened. */
export const tells = {
  /** What this browser has not. */
  missing: 0,
  /** That the browser's own WebSocket did not open: browsers do not say why. */
  native: 1,
  /** What became of a request. */
  request: 2,
  /** What a router has said of the target, or the page of its token. */
  reason: 3,
};

/** A journal writes down what becomes of a socket's transports, and tells of it. */
export class Journal {
  /** Of the sentences for a person the one that tells most; of two that tell as much the later. */
  error = '';
  private told = tells.missing;

  constructor(
    readonly info: Info,
    readonly changed: () => void,
  ) {}

  /** These transports were given up together. */
  gaveUp(names: TransportName[], why: string, error: string, much: number): void {
    for (let i = 0; i < names.length; i++) this.note(names[i], why);
    if (much >= this.told) {
      this.told = much;
      this.error = error;
    }
    this.changed();
  }

  /** Writes it down, and leaves it to what follows to tell. What was written of it before does not count any more. */
  note(name: TransportName, why: string): void {
    this.strike(name);
    this.info.gaveUp.push({ transport: name, why: why });
  }

  /** This one is in use. Whoever opened calls is told of it before all others. */
  uses(name: TransportName, opened: () => void): void {
    this.strike(name);
    this.info.transport = name;
    opened();
    this.changed();
  }

  private strike(name: TransportName): void {
    const all = this.info.gaveUp;
    for (let i = all.length - 1; i >= 0; i--) if (all[i].transport === name) all.splice(i, 1);
  }
}
