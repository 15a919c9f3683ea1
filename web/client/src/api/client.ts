import type { ProblemBody, ProblemPart } from './contract'

/** Anything but the answer asked for; status 0 means that the server could not be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail = '',
    readonly errors: ProblemPart[] = [],
    /** The key of the fault, the same in every language. */
    readonly key = '',
  ) {
    super(title)
  }

  ofField(field: string): string {
    return this.errors.filter((error) => error.field === field).map((error) => error.message).join(' ')
  }
}

export function isAbort(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'AbortError'
}

/** Every failure a caller can meet becomes a Problem, so that each place shows it the same way. */
export function toProblem(reason: unknown): Problem {
  return reason instanceof Problem ? reason : new Problem(0, '', String(reason))
}

let whenSignedOut = () => {}
export function onSignedOut(action: () => void) {
  whenSignedOut = action
}

type Query = Record<string, string | number | boolean | undefined>
interface Options { query?: Query; body?: unknown; signal?: AbortSignal }

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return request<T>('GET', path, { query, signal })
}

export function post<T>(path: string, body?: unknown): Promise<T> {
  return request<T>('POST', path, { body })
}

/** A file as it is, whatever its encoding. */
export function postFile<T>(path: string, query: Query, file: Blob): Promise<T> {
  return request<T>('POST', path, { query, body: file })
}

export function put(path: string, body: unknown): Promise<void> {
  return request<void>('PUT', path, { body })
}

export function upload<T>(path: string, form: FormData, signal?: AbortSignal): Promise<T> {
  return request<T>('POST', path, { body: form, signal })
}

export function remove(path: string): Promise<void> {
  return request<void>('DELETE', path, {})
}

/** A file that is asked for with reasons, handed to the browser under the name that the server gave it. */
export async function download(path: string, body: unknown) {
  const response = await send('POST', path, { body })
  const name = /filename\*=UTF-8''(.+)$/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? 'download'
  save(await response.blob(), decodeURIComponent(name))
}

/** Hands a file to the browser. */
export function save(content: Blob, name: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

async function request<T>(method: string, path: string, options: Options): Promise<T> {
  const response = await send(method, path, options)
  return (response.status === 204 ? undefined : await response.json()) as T
}

async function send(method: string, path: string, { query = {}, body, signal }: Options): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    'Accept-Language': document.documentElement.lang,
  }
  const asItIs = body instanceof Blob || body instanceof FormData
  if (body instanceof Blob) headers['Content-Type'] = 'text/csv'
  else if (body !== undefined && !asItIs) headers['Content-Type'] = 'application/json'
  let response: Response
  try {
    response = await fetch(`/api${path}${asQuery(query)}`, {
      method,
      headers,
      credentials: 'same-origin',
      body: body === undefined || asItIs ? body : JSON.stringify(body),
      signal,
    })
  } catch (reason) {
    if (isAbort(reason)) throw reason
    throw new Problem(0, '')
  }
  if (!response.ok) throw await readProblem(response, path)
  return response
}

function asQuery(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return given.length ? `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}` : ''
}

async function readProblem(response: Response, path: string): Promise<Problem> {
  if (response.status === 401 && path !== '/session') whenSignedOut()
  const body = (await response.json().catch(() => null)) as Partial<ProblemBody> | null
  return new Problem(response.status, body?.title ?? response.statusText, body?.detail, body?.errors, body?.type?.split(':').at(-1))
}
