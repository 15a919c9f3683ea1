// @vitest-environment happy-dom
import { describe, expect, it, vi } from 'vitest'
import type { IncidentSummary } from '../src/api/contract'
import { belongs, items, loadQueue, merge, mergeIntoQueue } from '../src/state/queue'
import { mergePoints, padded } from '../src/state/view'

const incident = (id: string, minute: number, more: Partial<IncidentSummary> = {}) =>
  ({ id, reported_at: `2026-11-22T08:${String(minute).padStart(2, '0')}:00Z`, open: true, assigned: true, lon: 113, lat: 23, ...more }) as IncidentSummary
const ids = (rows: IncidentSummary[]) => rows.map(({ id }) => id)

describe('the queue', () => {
  const rows = [incident('3', 30), incident('2', 20), incident('1', 10)]

  it('takes a new incident in where the server pages it: by number, whatever its time', () => {
    expect(ids(merge(rows, [incident('9', 25)], 'open', true))).toEqual(['9', '3', '2', '1'])
  })

  it('keeps what changes while a page is on its way', async () => {
    const page = { items: [incident('2', 20), incident('1', 10)], next: null }
    let deliver = () => {}
    vi.stubGlobal('fetch', () => new Promise((resolve) => (deliver = () => resolve(Response.json(page)))))
    const loaded = loadQueue()
    mergeIntoQueue([incident('3', 30), incident('1', 10, { open: false })])
    deliver()
    await loaded
    expect(ids(items.value)).toEqual(['3', '2'])
    vi.unstubAllGlobals()
  })

  it('shows each incident once, as it is now', () => {
    const merged = merge(rows, [incident('2', 20, { title: 'changed' })], 'open', false)
    expect(ids(merged)).toEqual(['3', '2', '1'])
    expect(merged[1].title).toBe('changed')
  })

  it('lets go of what no longer belongs to the tab', () => {
    expect(ids(merge(rows, [incident('3', 30, { open: false })], 'open', false))).toEqual(['2', '1'])
    expect(ids(merge(rows, [incident('3', 30, { open: false })], 'all', false))).toEqual(['3', '2', '1'])
  })

  it('leaves what is older than its last row to the next page, if there is one', () => {
    expect(ids(merge(rows, [incident('0', 5)], 'open', true))).toEqual(['3', '2', '1'])
    expect(ids(merge(rows, [incident('0', 5)], 'open', false))).toEqual(['3', '2', '1', '0'])
  })

  it('orders incidents by number, not by text', () => {
    expect(ids(merge([], [incident('9', 1), incident('10', 1)], 'open', false))).toEqual(['10', '9'])
  })

  it('sorts incidents into tabs', () => {
    const closed = incident('1', 1, { open: false })
    const unassigned = incident('2', 1, { assigned: false })
    expect([belongs(closed, 'open'), belongs(closed, 'all'), belongs(closed, 'unassigned')]).toEqual([false, true, false])
    expect([belongs(unassigned, 'open'), belongs(unassigned, 'unassigned')]).toEqual([true, true])
  })
})

describe('the points on the map', () => {
  const points = { ids: ['1', '2'], lon: [1, 2], lat: [1, 2], open: [true, true], assigned: [true, true], truncated: false }

  it('take changes in and tell which incidents are new', () => {
    const [merged, fresh] = mergePoints(points, [incident('2', 1, { open: false }), incident('3', 1), incident('3', 1)])
    expect(merged.ids).toEqual(['1', '2', '3'])
    expect(merged.open).toEqual([true, false, true])
    expect(fresh).toEqual(['3'])
    expect(points.open).toEqual([true, true])
  })

  it('are asked for a little beyond the view, within the world', () => {
    expect(padded([10, 20, 14, 22], 0.5)).toEqual([8, 19, 16, 23])
    expect(padded([-179, -80, 179, 89], 0.5)).toEqual([-180, -90, 180, 90])
  })
})
