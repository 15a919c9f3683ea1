import { expect, it } from 'vitest'
import { deviceOf } from '../src/panels/account/device'

it('tells one’s own devices apart by browser and system', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
  expect(deviceOf(chrome)).toBe('Chrome · Linux')
  expect(deviceOf(`${chrome} Edg/140.0`)).toBe('Edge · Linux')
  expect(deviceOf('Mozilla/5.0 (Linux; Android 15; V2309A) Chrome/120 Mobile Safari/537')).toBe('Chrome · Android')
  expect(deviceOf('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1')).toBe('Safari · iOS')
})

it('shows a program by its own name and nothing where none is given', () => {
  expect(deviceOf('python-httpx/0.28.1')).toBe('python-httpx/0.28.1')
  expect(deviceOf(null)).toBe('')
})
