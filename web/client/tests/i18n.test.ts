// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import { t, wordOr } from '../src/i18n'
import { ago, area, distance } from '../src/i18n/format'
import { en } from '../src/i18n/en'
import { zh } from '../src/i18n/zh'
import { chooseLanguage } from '../src/state/preferences'

const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()
const keys = Object.keys(zh) as (keyof typeof zh)[]

describe('the messages', () => {
  it('are the same in both languages, with the same holes', () => {
    expect(Object.keys(en).sort()).toEqual([...keys].sort())
    for (const key of keys) expect([key, holes(en[key])]).toEqual([key, holes(zh[key])])
  })

  it('are written in their own language', () => {
    for (const key of keys.filter((one) => one !== 'top.language' && one !== 'top.languageHint')) {
      expect(en[key], key).not.toMatch(/[\u4e00-\u9fff]/)
      expect(en[key].trim(), key).not.toBe('')
    }
  })

  it('are all used', () => {
    const files = import.meta.glob('../src/**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true })
    const source = Object.entries(files).filter(([path]) => !/i18n\/(account\.|data\.)?(zh|en)\.ts$/.test(path)).map(([, text]) => text).join('\n')
    const built = [
      'page.', 'role.', 'right.', 'value.', 'field.', 'correct.', 'correction.', 'pushdown.', 'figures.', 'queue.', 'incident.', 'panel.',
      'action.', 'state.', 'actor.', 'via.', 'object.', 'fact.', 'registers.count.', 'registers.is.', 'registers.lacks.',
    ]
    const used = (key: string) => source.includes(`'${key}'`) || built.some((prefix) => key.startsWith(prefix))
    expect(keys.filter((key) => !used(key))).toEqual([])
  })
})

describe('t', () => {
  it('fills the holes in the language chosen', () => {
    expect(t('incident.nearest', { region: '甲网格', distance: distance(12) })).toBe('最近的是 甲网格,相距 12 米。')
    chooseLanguage('en')
    expect(t('figures.open')).toBe('Open')
    expect(wordOr('action', 'report')).toBe('Reported')
    expect(wordOr('action', 'a new word')).toBe('a new word')
  })
})

describe('what people read', () => {
  it('has fitting units and digits', () => {
    chooseLanguage('zh')
    expect([distance(3.14159), distance(412.6), distance(9_999), distance(7_492_008)]).toEqual(['3.1 米', '413 米', '9,999 米', '7,492 公里'])
    expect([area(0.23445), area(24.4912), area(1234.5)]).toEqual(['0.234 平方公里', '24.49 平方公里', '1,235 平方公里'])
  })

  it('says how long ago in minutes, hours, then the day', () => {
    const now = Date.parse('2026-11-22T12:00:00Z')
    expect(ago('2026-11-22T11:59:31Z', now)).toBe('刚刚')
    expect(ago('2026-11-22T11:15:00Z', now)).toBe('45 分钟前')
    expect(ago('2026-11-22T09:00:00Z', now)).toBe('3 小时前')
    expect(ago('2026-11-02T09:00:00Z', now)).toMatch(/11.02/)
  })
})
