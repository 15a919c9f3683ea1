/** The pages of the console, and who may open each. */
import { session } from './session'

export const PAGES = [
  { page: 'map', path: '/map' },
  { page: 'records', path: '/records' },
  { page: 'given', path: '/given' },
  { page: 'corrections', path: '/corrections', rights: ['correct_records', 'confirm_corrections'] },
  { page: 'pushdowns', path: '/pushdowns', rights: ['push_data'] },
  { page: 'accounts', path: '/accounts', rights: ['keep_accounts'] },
  { page: 'registers', path: '/registers', rights: ['import_registers'] },
  { page: 'audit', path: '/audit', rights: ['see_audit'] },
] as const satisfies readonly { page: string; path: string; rights?: readonly string[] }[]

export type Page = (typeof PAGES)[number]['page']

/** Those that this person may open. */
export const pagesOpen = () =>
  PAGES.filter((each) => !('rights' in each) || each.rights.some((right) => session.value?.rights.includes(right)))
