/** What the console asks about accounts of others, and about invitations. */
import { get, post, postFile, put, remove } from './client'
import type { components } from './types.generated'

type Schemas = components['schemas']

export type KeptAccount = Schemas['KeptAccount']
export type RoleHeld = Schemas['RoleHeld']
export type NewRole = Pick<Schemas['NewRole'], 'role'> & Partial<Schemas['NewRole']>
export type AccountFacts = Pick<Schemas['AccountFacts'], 'name'> & Partial<Schemas['AccountFacts']>
export type NewAccount = AccountFacts & { login: string; roles: NewRole[] }
export type Invited = Schemas['Invited']
export type Imported = Schemas['Imported']
export type RightOfRoles = Schemas['RightOfRoles']
export type Invitation = Schemas['Invitation']

const at = (id: string) => `/accounts/${encodeURIComponent(id)}`

export const listAccounts = (search: string, cursor?: string, signal?: AbortSignal) =>
  get<Schemas['AccountPage']>('/accounts', { search, cursor }, signal)
export const readAccount = (id: string) => get<KeptAccount>(at(id))
export const addAccount = (account: NewAccount) => post<Invited>('/accounts', account)
export const changeAccount = (id: string, facts: AccountFacts) => put(at(id), facts)
export const switchAccount = (id: string, on: boolean) => post<void>(`${at(id)}/${on ? 'enabling' : 'disabling'}`)
export const inviteAgain = (id: string) => post<Invited>(`${at(id)}/invitation`)
export const giveRole = (id: string, role: NewRole) => post<void>(`${at(id)}/roles`, role)
export const endRole = (id: string, role: string) => remove(`${at(id)}/roles/${encodeURIComponent(role)}`)
export const endSessionsOf = (id: string) => remove(`${at(id)}/sessions`)
export const endFactorOf = (id: string) => remove(`${at(id)}/second-factor`)
export const importAccounts = (file: Blob, commit: boolean) => postFile<Imported>('/accounts/import', { commit }, file)
export const listRights = () => get<RightOfRoles[]>('/rights')

export const beginView = (account: string) => post<void>('/session/view', { account: Number(account) })
export const endView = () => remove('/session/view')

export const readInvitation = (token: string) => post<Invitation>('/invitation', { token })
export const acceptInvitation = (token: string, password: string) =>
  post<{ login: string }>('/invitation/acceptance', { token, password })
