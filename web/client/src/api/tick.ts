/** Gathers ids: the first are handed over at once, later ones at most once per tick, each id once. A burst costs few reads and paints. */
export class Tick {
  private readonly waiting = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private lastAt = -Infinity

  constructor(
    private readonly deliver: (ids: string[]) => void,
    private readonly milliseconds = 250,
  ) {}

  add(ids: string[]) {
    for (const id of ids) this.waiting.add(id)
    const wait = Math.max(0, this.lastAt + this.milliseconds - performance.now())
    if (this.waiting.size) this.timer ??= setTimeout(() => this.flush(), wait)
  }

  drop() {
    clearTimeout(this.timer)
    this.timer = undefined
    this.waiting.clear()
  }

  private flush() {
    const ids = [...this.waiting]
    this.drop()
    this.lastAt = performance.now()
    this.deliver(ids)
  }
}
