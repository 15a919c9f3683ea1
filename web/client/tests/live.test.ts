import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Live, type LiveListener } from '../src/api/live'
import { Tick } from '../src/api/tick'

class FakeSource extends EventTarget {
  static CLOSED = 2
  static made: FakeSource[] = []
  readyState = 1
  onerror: (() => void) | null = null

  constructor(readonly url: string) {
    super()
    FakeSource.made.push(this)
  }

  say(name: string, data: unknown = {}) {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }))
  }

  fail(readyState: number) {
    this.readyState = readyState
    this.onerror?.()
  }

  close() {
    this.readyState = FakeSource.CLOSED
  }
}

const last = () => FakeSource.made.at(-1)!

beforeEach(() => {
  vi.useFakeTimers()
  FakeSource.made = []
  vi.stubGlobal('EventSource', FakeSource)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a tick', () => {
  it('delivers what comes together once, each id once, at once', () => {
    const deliver = vi.fn()
    const tick = new Tick(deliver, 250)
    tick.add(['1', '2'])
    tick.add(['2', '3'])
    expect(deliver).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(deliver.mock.calls).toEqual([[['1', '2', '3']]])
  })

  it('delivers a stream once per tick', () => {
    const deliver = vi.fn()
    const tick = new Tick(deliver, 250)
    for (let i = 0; i < 100; i++) {
      tick.add([String(i)])
      vi.advanceTimersByTime(10)
    }
    vi.advanceTimersByTime(250)
    expect(deliver.mock.calls.length).toBeLessThanOrEqual(6)
    expect(deliver.mock.calls.flatMap(([ids]) => ids)).toHaveLength(100)
  })

  it('says nothing when nothing came, and the same id again when it changed again', () => {
    const deliver = vi.fn()
    const tick = new Tick(deliver, 250)
    tick.add([])
    vi.advanceTimersByTime(1000)
    expect(deliver).not.toHaveBeenCalled()
    tick.add(['1'])
    vi.advanceTimersByTime(250)
    tick.add(['1'])
    vi.advanceTimersByTime(250)
    expect(deliver.mock.calls).toEqual([[['1']], [['1']]])
  })
})

describe('the live connection', () => {
  let listener: { [Name in keyof LiveListener]: ReturnType<typeof vi.fn> }
  let live: Live

  beforeEach(() => {
    listener = { state: vi.fn(), incidents: vi.fn(), edition: vi.fn(), reload: vi.fn() }
    live = new Live(listener as unknown as LiveListener)
  })
  afterEach(() => live.close())

  const state = () => listener.state.mock.lastCall?.[0]

  it('is live from the first word on', () => {
    expect(state()).toBe('connecting')
    last().say('hello')
    expect(state()).toBe('live')
    expect(listener.reload).not.toHaveBeenCalled()
  })

  it('gathers incidents and passes editions on at once', () => {
    last().say('incidents', { ids: ['1'] })
    last().say('incidents', { ids: ['1', '2'] })
    last().say('edition', { scheme: 'main', edition: '4' })
    expect(listener.edition).toHaveBeenCalledWith('main', '4')
    vi.advanceTimersByTime(250)
    expect(listener.incidents.mock.calls).toEqual([[['1', '2']]])
  })

  it('stays live while it hears beats, and notices silence', () => {
    last().say('hello')
    for (let i = 0; i < 6; i++) {
      vi.advanceTimersByTime(10_000)
      last().say('beat')
    }
    expect(state()).toBe('live')
    vi.advanceTimersByTime(25_000)
    expect(state()).toBe('lost')
    vi.advanceTimersByTime(1000)
    expect(FakeSource.made).toHaveLength(2)
  })

  it('reads everything again after a gap', () => {
    last().say('hello')
    last().fail(0)
    expect(state()).toBe('lost')
    last().say('hello')
    expect(state()).toBe('live')
    expect(listener.reload).toHaveBeenCalledTimes(1)
    expect(FakeSource.made).toHaveLength(1)
  })

  it('connects again, ever more patiently, when the server refuses', () => {
    const waits = [1000, 2000, 4000, 8000, 15_000, 15_000]
    for (const [tries, wait] of waits.entries()) {
      last().fail(FakeSource.CLOSED)
      vi.advanceTimersByTime(wait - 1)
      expect(FakeSource.made).toHaveLength(tries + 1)
      vi.advanceTimersByTime(1)
      expect(FakeSource.made).toHaveLength(tries + 2)
    }
  })

  it('is quiet once closed', () => {
    last().say('incidents', { ids: ['1'] })
    live.close()
    vi.advanceTimersByTime(60_000)
    expect(listener.incidents).not.toHaveBeenCalled()
    expect(FakeSource.made).toHaveLength(1)
  })
})
