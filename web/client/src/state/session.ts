/** Who is signed in. */
import { shallowRef } from 'vue'
import { readSession, signIn as postSession, signOut as deleteSession } from '../api/calls'
import { onSignedOut, toProblem } from '../api/client'
import type { Session } from '../api/contract'

export const session = shallowRef<Session | null>(null)

/** False only when the server says that nobody is signed in; an unreachable server is not a reason to ask for a password. */
export async function mayEnter(): Promise<boolean> {
  if (session.value) return true
  try {
    session.value = await readSession()
  } catch (reason) {
    return toProblem(reason).status !== 401
  }
  return true
}

export async function signIn(login: string, password: string, code?: string): Promise<Session> {
  return (session.value = await postSession(login, password, code))
}

/** Rights change with what a person does to their own account. */
export async function readSessionAgain() {
  session.value = await readSession()
}

/** A new page load is the surest way to forget what the last person saw. */
export async function signOut() {
  await deleteSession()
  location.assign('/login')
}

onSignedOut(() => {
  if (location.pathname === '/login') return
  const next = location.pathname + location.search + location.hash
  location.assign(`/login?${new URLSearchParams({ ended: '1', next })}`)
})
