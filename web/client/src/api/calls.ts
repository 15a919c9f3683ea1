/** Every question the console asks the server, one line each. */
import type { Feature, MultiPolygon, Polygon } from 'geojson'
import { download, get, post, put, remove, upload } from './client'
import type {
  AuditHealth, AuditPage, Box, Brought, Category, City, Correction, CorrectionPage, DataRecord, DataSet, Deed, Enrolment, Figures,
  GivenOutPage, Incident, IncidentPage, IncidentPoints, NewIncident, NewOpening, NewToken, OpenCounts, Outcome, OwnAccount, Preview,
  PushdownVersion, Receipt, Received, RecordPage, RegionCard, RegionFigures, RegionPage, RegionRef, Register, Reported, Session,
  SessionSummary, TokenSummary, Wish,
} from './contract'

const part = encodeURIComponent

export const signIn = (login: string, password: string, code?: string) =>
  post<Session>('/session', { login, password, code })
export const readSession = () => get<Session>('/session')
export const signOut = () => remove('/session')

export const readOwnAccount = () => get<OwnAccount>('/account')
export const changePassword = (old: string, password: string) => put('/account/password', { old, password })
export const startSecondFactor = (password: string) => post<Enrolment>('/account/second-factor', { password })
export const confirmSecondFactor = (code: string) => post<{ codes: string[] }>('/account/second-factor/confirm', { code })
export const endSecondFactor = (password: string) => post<void>('/account/second-factor/end', { password })
export const listSessions = () => get<SessionSummary[]>('/sessions')
export const endSession = (id: string) => remove(`/sessions/${part(id)}`)
export const endOtherSessions = () => post<void>('/sessions/end-others')
export const listTokens = () => get<TokenSummary[]>('/account/tokens')
export const addToken = (token: NewToken) => post<{ token: string }>('/account/tokens', token)
export const revokeToken = (id: string) => remove(`/account/tokens/${part(id)}`)

export const readCity = () => get<City>('/city')
export const listCategories = () => get<Category[]>('/categories')
export const readFigures = () => get<Figures>('/figures/today')

export const readRegion = (scheme: string, code: string, signal?: AbortSignal) =>
  get<RegionCard>(`/regions/${part(scheme)}/${part(code)}`, {}, signal)
export const readBorder = (scheme: string, code: string, signal?: AbortSignal) =>
  get<Feature<Polygon | MultiPolygon>>(`/regions/${part(scheme)}/${part(code)}/border`, {}, signal)
export const regionsAt = (scheme: string, lon: number, lat: number, signal?: AbortSignal) =>
  get<RegionPage>(`/regions/${part(scheme)}`, { near: `${lon},${lat}` }, signal)

export interface IncidentFilter {
  region?: string
  state?: 'open' | 'all'
  assigned?: boolean
  ids?: string
  limit?: number
  cursor?: string
}
export const listIncidents = (filter: IncidentFilter, signal?: AbortSignal) =>
  get<IncidentPage>('/incidents', { ...filter }, signal)
export const readIncident = (id: string, signal?: AbortSignal) => get<Incident>(`/incidents/${part(id)}`, {}, signal)
export const reportIncident = (incident: NewIncident) => post<Reported>('/incidents', incident)
export const readPoints = (bbox: Box, state: 'open' | 'all', signal?: AbortSignal) =>
  get<IncidentPoints>('/incidents/points', { bbox: bbox.join(','), limit: 20000, state }, signal)
export const readOpenCounts = (tier: string, bbox: Box, signal?: AbortSignal) =>
  get<OpenCounts>('/incidents/open-counts', { tier, bbox: bbox.join(',') }, signal)

export interface AuditFilter {
  since?: string
  until?: string
  person?: string
  action?: string
  object?: string
  region?: string
}
export const listAudit = (filter: AuditFilter, cursor: string | undefined, signal?: AbortSignal) =>
  get<AuditPage>('/audit', { ...filter, cursor }, signal)
export const listDeeds = () => get<Deed[]>('/audit/deeds')
export const readAuditHealth = () => get<AuditHealth>('/audit/health')
export const exportAudit = (filter: AuditFilter, reason: string) => download('/audit/export', { ...filter, reason })

export const tileUrl = (scheme: string, edition: string) =>
  `/api/tiles/regions/${part(scheme)}/${part(edition)}/{z}/{x}/{y}.mvt`

export const groundUrl = '/api/tiles/ground/{z}/{x}/{y}.mvt'

export const childrenOf = async (code?: string): Promise<RegionRef[]> =>
  (await get<RegionPage>('/regions/main', { parent: code, limit: 1000 })).items
export const readRegionFigures = (code: string, signal?: AbortSignal) =>
  get<RegionFigures>(`/regions/main/${part(code)}/figures`, {}, signal)

export const listDataSets = () => get<DataSet[]>('/data-sets')
export const listRecords = (dataSet: string, region: string, cursor?: string) =>
  get<RecordPage>(`/records/${part(dataSet)}`, { region, cursor, limit: 100 })
const recordPath = (dataSet: string, id: string) => `/records/${part(dataSet)}/${part(id)}`
export const readRecord = (dataSet: string, id: string) => get<DataRecord>(recordPath(dataSet, id))
export const correctRecord = (dataSet: string, id: string, wish: Wish) => post<Outcome>(`${recordPath(dataSet, id)}/corrections`, wish)
export const revealField = (dataSet: string, id: string, field: string, reason: string) =>
  post<{ value: string }>(`${recordPath(dataSet, id)}/reveal`, { field, reason })
export const correctionsOf = (dataSet: string, id: string) => get<Correction[]>(`${recordPath(dataSet, id)}/corrections`)
export const listCorrections = (state: 'waiting' | 'all', cursor?: string) => get<CorrectionPage>('/corrections', { state, cursor })
export const decideCorrection = (id: string, confirm: boolean, why: string) =>
  post<void>(`/corrections/${part(id)}/decision`, { confirm, why })

export const previewPushdown = (opening: NewOpening) => post<Preview>('/pushdowns/preview', opening)
export const pushDown = (opening: NewOpening) => post<{ id: string }>('/pushdowns', opening)
export const listPushdowns = (cursor?: string) => get<GivenOutPage>('/pushdowns', { cursor })
export const readReceipts = (id: string) => get<Receipt[]>(`/pushdowns/${part(id)}/receipts`)
export const readVersions = (id: string) => get<PushdownVersion[]>(`/pushdowns/${part(id)}/versions`)
export const withdrawPushdown = (id: string) => post<void>(`/pushdowns/${part(id)}/withdrawal`, {})
export const listGiven = () => get<Received[]>('/given')
export const openGiven = (id: string) => post<void>(`/given/${part(id)}/opened`, {})

export interface RegisterFile {
  kind: string
  file: File
  mapping?: Record<string, string>
  crs?: string
  retire?: boolean
}
export const listRegisters = () => get<Register[]>('/registers')
/** What a register's file would change, or with `import` does. */
export function bringRegister(deed: 'examine' | 'import', { kind, file, mapping, crs, retire }: RegisterFile, signal?: AbortSignal) {
  const form = new FormData()
  form.append('file', file)
  if (mapping) form.append('mapping', JSON.stringify(mapping))
  if (crs) form.append('crs', crs)
  if (retire) form.append('retire', 'true')
  return upload<Brought>(`/registers/${part(kind)}/${deed}`, form, signal)
}
