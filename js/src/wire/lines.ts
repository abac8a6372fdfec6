/** The response of `/m` with `stream=1` (docs/protocol.md §3.4), cut into lines as it comes. It needs typed arrays. */

import { join } from './join.js';
import { fromUTF8 } from './text.js';

const newline = 10;

/** Lines puts together lines of UTF-8 of bytes that were cut anywhere. */
export class Lines {
  private chunks: Uint8Array[] = [];

  /** Takes bytes, and gives the lines that they end, but for blank ones. A line that is no UTF-8 is an Error. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (bytes[i] !== newline) continue;
      this.keep(bytes.subarray(from, i));
      from = i + 1;
      const line = this.take();
      if (/\S/.test(line)) lines.push(line);
    }
    this.keep(bytes.subarray(from));
    return lines;
  }

  /** Whether nothing is held that is not whole. */
  empty(): boolean {
    return !this.chunks.length;
  }

  private keep(bytes: Uint8Array): void {
    if (bytes.length) this.chunks.push(bytes);
  }

  private take(): string {
    const all = join(this.chunks);
    this.chunks = [];
    return fromUTF8(all);
  }
}
