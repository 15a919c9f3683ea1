import { describe, expect, it } from 'vitest'
import type { LocationQuery } from 'vue-router'
import { formatPosition, parsePosition, parseSelection, readSearch, withSelection } from '../src/state/address'

describe('the map position in the address', () => {
  it('is read back as written', () => {
    const position = { zoom: 14, lat: 23.01935, lon: 113.1036 }
    expect(parsePosition(formatPosition(position))).toEqual(position)
  })

  it.each(['', '#', '#14', '#14/23', '#99/23/113', '#14/95/113', '#14/23/200', '#a/b/c', '#14/23/113/5'])('%j is none', (hash) => {
    expect(parsePosition(hash)).toBeNull()
  })
})

describe('the selection in the address', () => {
  it('is a region of a scheme, its code kept as text', () => {
    expect(parseSelection({ region: 'main/440604010002001005' })).toEqual({
      kind: 'region', scheme: 'main', code: '440604010002001005',
    })
  })

  it('is an incident, which wins over a region', () => {
    expect(parseSelection({ incident: '12', region: 'main/44' })).toEqual({ kind: 'incident', id: '12' })
  })

  const nothing: LocationQuery[] = [{}, { region: '' }, { region: 'main' }, { region: 'main/' }, { incident: '' }, { region: null }]
  it.each(nothing)('%j is none', (query) => {
    expect(parseSelection(query)).toBeNull()
  })

  it('replaces the one before and leaves the rest of the address alone', () => {
    const before = { region: 'main/44', lang: 'en', scheme: 'main' }
    expect(withSelection(before, { kind: 'incident', id: '7' })).toEqual({ incident: '7', lang: 'en', scheme: 'main' })
    expect(withSelection(before, null)).toEqual({ lang: 'en', scheme: 'main' })
    expect(withSelection({ incident: '7' }, { kind: 'region', scheme: 'main', code: '44' })).toEqual({ region: 'main/44' })
  })
})

describe('what is typed into the search box', () => {
  it('may be a point, with a comma of either width or a space', () => {
    for (const text of ['113.1,23.02', ' 113.1, 23.02 ', '113.1,23.02', '113.1 23.02'])
      expect(readSearch(text, 'main')).toEqual([{ kind: 'point', lon: 113.1, lat: 23.02 }])
  })

  it('is nothing when the point is not on the earth', () => {
    expect(readSearch('23.02,113.1', 'main')).toEqual([])
  })

  it('offers a bare number as a region code and as an incident, the likelier first', () => {
    expect(readSearch('440604010', 'main').map(({ kind }) => kind)).toEqual(['region', 'incident'])
    expect(readSearch('12', 'main').map(({ kind }) => kind)).toEqual(['incident', 'region'])
  })

  it('keeps eighteen digits exact', () => {
    expect(readSearch('440604010002001005', 'main')[0]).toEqual({ kind: 'region', scheme: 'main', code: '440604010002001005' })
  })

  it('takes #12 for an incident only', () => {
    expect(readSearch('#12', 'main')).toEqual([{ kind: 'incident', id: '12' }])
  })

  it('does not pretend to find names', () => {
    expect(readSearch('祖庙街道', 'main')).toEqual([])
  })
})
