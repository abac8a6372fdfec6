/** A queue whose shift costs the same however long it is, which an array's does not. */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private gone = 0;

  length(): number {
    return this.items.length - this.gone;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** The first; undefined where there is none. */
  first(): T | undefined {
    return this.items[this.gone];
  }

  /** Takes the first out. */
  shift(): T | undefined {
    const item = this.items[this.gone];
    if (this.gone < this.items.length) this.items[this.gone++] = undefined;
    if (this.gone * 2 > this.items.length) {
      this.items = this.items.slice(this.gone);
      this.gone = 0;
    }
    return item;
  }
}
