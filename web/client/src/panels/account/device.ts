/** What a user agent says of itself, in two words; enough to tell one's own devices apart. */
const BROWSERS = [
  ['Edge', /Edg\//],
  ['Firefox', /Firefox\//],
  ['Chrome', /Chrome\//],
  ['Safari', /Safari\//],
] as const
const SYSTEMS = [
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X/],
  ['Linux', /Linux/],
] as const

export function deviceOf(agent: string | null): string {
  const found = [BROWSERS, SYSTEMS].map((known) => known.find(([, sign]) => sign.test(agent ?? ''))?.[0])
  return found.filter(Boolean).join(' · ') || (agent?.split(' ')[0] ?? '')
}
