/** Gathers ids and hands them over once per tick, each id once, so that a burst costs one read and one paint. */
export class Tick {
  private readonly waiting = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly deliver: (ids: string[]) => void,
    private readonly milliseconds = 250,
  ) {}

  add(ids: string[]) {
    for (const id of ids) this.waiting.add(id)
    if (this.waiting.size) this.timer ??= setTimeout(() => this.flush(), this.milliseconds)
  }

  drop() {
    clearTimeout(this.timer)
    this.timer = undefined
    this.waiting.clear()
  }

  private flush() {
    const ids = [...this.waiting]
    this.drop()
    this.deliver(ids)
  }
}
