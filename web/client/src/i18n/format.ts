/** Numbers, times and places as people read them; times in the browser's zone. */
import { language } from '../state/preferences'
import { t } from '.'

const locale = () => (language.value === 'zh' ? 'zh-CN' : 'en-GB')

export const number = (value: number) => value.toLocaleString(locale())

export function distance(metres: number): string {
  if (metres >= 10_000) return t('unit.km', { n: number(Math.round(metres / 1000)) })
  return t('unit.m', { n: number(metres < 10 ? Math.round(metres * 10) / 10 : Math.round(metres)) })
}

export function area(km2: number): string {
  const digits = km2 >= 100 ? 0 : km2 >= 1 ? 2 : 3
  return t('unit.km2', { n: km2.toLocaleString(locale(), { maximumFractionDigits: digits }) })
}

export const clock = (at: Date) =>
  at.toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })

export function dateTime(iso: string): string {
  return new Date(iso).toLocaleString(locale(), {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false,
  })
}

export const date = (iso: string) =>
  new Date(iso).toLocaleDateString(locale(), { year: 'numeric', month: '2-digit', day: '2-digit' })

export const listed = (words: string[]) => words.join(language.value === 'zh' ? '、' : ', ')

/** Short enough for the queue: minutes, then hours, then the day. */
export function ago(iso: string, now: number): string {
  const minutes = Math.floor((now - new Date(iso).getTime()) / 60_000)
  if (minutes < 1) return t('time.now')
  if (minutes < 60) return t('time.minutes', { n: minutes })
  if (minutes < 24 * 60) return t('time.hours', { n: Math.floor(minutes / 60) })
  return new Date(iso).toLocaleDateString(locale(), { month: '2-digit', day: '2-digit' })
}

export const lonLat = (lon: number, lat: number) => `${lon.toFixed(6)}, ${lat.toFixed(6)}`
