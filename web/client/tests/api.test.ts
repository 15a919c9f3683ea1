import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { get, onSignedOut, post, Problem } from '../src/api/client'
import { Latest } from '../src/api/latest'

const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })

beforeEach(() => vi.stubGlobal('document', { documentElement: { lang: 'zh-CN' } }))
afterEach(() => vi.unstubAllGlobals())

describe('a question to the server', () => {
  it('carries the language and only the parameters given', async () => {
    const fetch = vi.fn(async () => answer(200, { ok: true }))
    vi.stubGlobal('fetch', fetch)
    await get('/incidents', { state: 'open', region: undefined, limit: 50 })
    const [url, options] = fetch.mock.lastCall as unknown as [string, RequestInit]
    expect(url).toBe('/api/incidents?state=open&limit=50')
    expect(options.headers).toMatchObject({ 'Accept-Language': 'zh-CN' })
  })

  it('fails as a problem whose parts belong to fields', async () => {
    vi.stubGlobal('fetch', async () =>
      answer(422, { title: '内容有误', detail: '…', errors: [{ field: 'category', message: '至少 1 个字符。' }] }))
    const problem = await post('/incidents', {}).catch((reason: Problem) => reason)
    expect(problem).toBeInstanceOf(Problem)
    expect((problem as Problem).status).toBe(422)
    expect((problem as Problem).ofField('category')).toBe('至少 1 个字符。')
    expect((problem as Problem).ofField('title')).toBe('')
  })

  it('fails as a problem also when the server is away or answers with a page', async () => {
    vi.stubGlobal('fetch', async () => { throw new TypeError('Failed to fetch') })
    await expect(get('/city')).rejects.toMatchObject({ status: 0 })
    vi.stubGlobal('fetch', async () => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }))
    await expect(get('/city')).rejects.toMatchObject({ status: 502, title: 'Bad Gateway' })
  })

  it('tells when the session has ended, but not when a password is wrong', async () => {
    const ended = vi.fn()
    onSignedOut(ended)
    vi.stubGlobal('fetch', async () => answer(401, { title: '未登录' }))
    await post('/session', {}).catch(() => undefined)
    expect(ended).not.toHaveBeenCalled()
    await get('/city').catch(() => undefined)
    expect(ended).toHaveBeenCalledOnce()
  })
})

describe('the latest question', () => {
  it('is the only one whose answer is delivered', async () => {
    const latest = new Latest()
    const [deliver, fail] = [vi.fn(), vi.fn()]
    const slow = Promise.withResolvers<string>()
    const first = latest.ask(() => slow.promise, deliver, fail)
    const second = latest.ask(async () => 'second', deliver, fail)
    slow.resolve('first')
    await Promise.all([first, second])
    expect(deliver.mock.calls).toEqual([['second']])
    expect(fail).not.toHaveBeenCalled()
  })

  it('passes a failure on, unless it was asked to stop', async () => {
    const latest = new Latest()
    const fail = vi.fn()
    await latest.ask(() => Promise.reject(new Error('broken')), vi.fn(), fail)
    expect(fail).toHaveBeenCalledOnce()
    const stopped = latest.ask(() => Promise.reject(new Error('late')), vi.fn(), fail)
    latest.cancel()
    await stopped
    expect(fail).toHaveBeenCalledOnce()
  })
})
