/** For how many milliseconds a router that could not be reached is asked last. */
const shunned = 60000;

/**
 * A rota says in which order a page's routers are asked: each time beginning with the next, so that all have as much to do, and
 * those last that could not be reached a while ago.
 */
export class Rota {
  private readonly shunnedUntil: { [router: string]: number } = {};

  /** The turn is the place of the router that is asked first. */
  constructor(
    readonly routers: string[],
    private turn: number,
  ) {}

  /** All of them, in the order for the next socket. */
  next(now: number): string[] {
    return this.from(this.turn++, now);
  }

  /** All of them, beginning with this one. */
  after(router: string, now: number): string[] {
    let place = 0;
    for (let i = 0; i < this.routers.length; i++) if (this.routers[i] === router) place = i;
    return this.from(place, now);
  }

  reached(router: string): void {
    delete this.shunnedUntil[router];
  }

  unreached(router: string, now: number): void {
    this.shunnedUntil[router] = now + shunned;
  }

  private from(place: number, now: number): string[] {
    const good: string[] = [];
    const bad: string[] = [];
    for (let i = 0; i < this.routers.length; i++) {
      const router = this.routers[(place + i) % this.routers.length];
      (this.shunnedUntil[router] > now ? bad : good).push(router);
    }
    return good.concat(bad);
  }
}
