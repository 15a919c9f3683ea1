/** The rules of the house that no compiler knows. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const files = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.includes('.generated.'))
  .map((entry) => join(entry.parentPath, entry.name))
const text = (file: string) => readFileSync(file, 'utf8')

it('only the map speaks to Leaflet', () => {
  const leaflet = /(?:from|import|import\(|require\(|@import)\s*['"](?:leaflet|@types\/leaflet)/
  const speakers = files.filter((file) => leaflet.test(text(file)))
  expect(speakers.length).toBeGreaterThan(0)
  expect(speakers.filter((file) => !file.startsWith(join('src', 'map')))).toEqual([])
})

it('nothing is loaded from outside', () => {
  const loading = /(?:url\(|src=|href=|fetch\(|import\()\s*['"]?(?:https?:)?\/\/(?!www\.w3\.org)/
  expect([...files, 'index.html'].filter((file) => loading.test(text(file)))).toEqual([])
})

it('no file has grown two purposes', () => {
  expect(files.filter((file) => text(file).split('\n').length > 400)).toEqual([])
})

it('no file is a drawer for leftovers', () => {
  expect(files.filter((file) => /util|helper|common|misc/i.test(file))).toEqual([])
})

it('the lock file names no registry', () => {
  const { packages } = JSON.parse(text('package-lock.json')) as { packages: Record<string, { resolved?: string }> }
  expect(Object.values(packages).filter((one) => one.resolved)).toEqual([])
})

it('versions are pinned', () => {
  const { dependencies, devDependencies } = JSON.parse(text('package.json')) as Record<string, Record<string, string>>
  for (const version of Object.values({ ...dependencies, ...devDependencies })) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})
