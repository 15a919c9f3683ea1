import { Tick } from './tick'

export type LiveState = 'connecting' | 'live' | 'lost'

export interface LiveListener {
  state(state: LiveState): void
  incidents(ids: string[]): void
  edition(scheme: string, edition: string): void
  /** Something may have been missed: read everything shown again. */
  reload(): void
}

const SILENCE_MS = 25_000
const LONGEST_WAIT_MS = 15_000

/** The one connection to /api/live; it mends itself until closed. */
export class Live {
  private source: EventSource | null = null
  private silence: ReturnType<typeof setTimeout> | undefined
  private retry: ReturnType<typeof setTimeout> | undefined
  private wait = 1000
  private lostSomething = false
  private readonly tick: Tick

  constructor(private readonly listener: LiveListener) {
    this.tick = new Tick((ids) => listener.incidents(ids))
    listener.state('connecting')
    this.connect()
  }

  close() {
    this.source?.close()
    this.tick.drop()
    clearTimeout(this.silence)
    clearTimeout(this.retry)
  }

  private connect() {
    const source = (this.source = new EventSource('/api/live'))
    const on = <Data>(name: string, action: (data: Data) => void) =>
      source.addEventListener(name, (event) => {
        this.heard()
        action(JSON.parse((event as MessageEvent<string>).data || '{}') as Data)
      })
    on('hello', () => this.greeted())
    on('beat', () => {})
    on<{ ids: string[] }>('incidents', ({ ids }) => this.tick.add(ids))
    on<{ scheme: string; edition: string }>('edition', ({ scheme, edition }) => this.listener.edition(scheme, edition))
    on('reload', () => this.listener.reload())
    source.onerror = () => this.lost(source.readyState === EventSource.CLOSED)
    this.expectSound()
  }

  private greeted() {
    this.wait = 1000
    if (this.lostSomething) this.listener.reload()
    this.lostSomething = false
  }

  private heard() {
    this.listener.state('live')
    this.expectSound()
  }

  private expectSound() {
    clearTimeout(this.silence)
    this.silence = setTimeout(() => {
      this.source?.close()
      this.lost(true)
    }, SILENCE_MS)
  }

  /** An EventSource that is not closed reconnects by itself; a closed one never does. */
  private lost(closed: boolean) {
    this.lostSomething = true
    this.listener.state('lost')
    if (!closed) return
    clearTimeout(this.silence)
    clearTimeout(this.retry)
    this.retry = setTimeout(() => this.connect(), this.wait)
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS)
  }
}
