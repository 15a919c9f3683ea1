/** Small CSV files that the browser makes itself. */

const RISKY = /^[=+\-@\t\r]/

/** With a mark for UTF-8, or a spreadsheet shows Chinese as nonsense; what it would take for a formula is text. */
export const asCsv = (rows: string[][]) =>
  `\uFEFF${rows.map((row) => row.map(quoted).join(',')).join('\r\n')}\r\n`

function quoted(cell: string): string {
  const safe = RISKY.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function saveCsv(name: string, text: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
