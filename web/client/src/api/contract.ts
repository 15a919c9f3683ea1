/** The server's answers under the names the console uses; their shapes are generated from the OpenAPI document. */
import type { MultiPolygon, Polygon } from 'geojson'
import type { components } from './types.generated'

type Schemas = components['schemas']

export type Localized = Schemas['Names']
export type Box = NonNullable<Schemas['City']['home']>
export type Session = Schemas['Session']
export type OwnAccount = Schemas['OwnAccount']
export type Enrolment = Schemas['Enrolment']
export type SessionSummary = Schemas['SessionSummary']
export type NewToken = Schemas['NewToken']
export type TokenSummary = Schemas['TokenSummary']
export type City = Schemas['City']
export type Category = Schemas['Category']
export type Scheme = Schemas['Scheme']
export type SchemeTier = Pick<Schemas['TierPresent'], 'tier' | 'count' | 'min_zoom'>
export type RegionName = Schemas['RegionRef']
export type RegionPage = Schemas['RegionPage']
export type RegionCard = Schemas['RegionCard']
export type IncidentSummary = Schemas['IncidentSummary']
export type IncidentPage = Schemas['IncidentPage']
export type IncidentPoints = Schemas['IncidentPoints']
export type Incident = Schemas['Incident']
export type Reported = Schemas['Reported']
export type OpenCounts = Schemas['OpenCounts']
export type Figures = Schemas['Figures']
export type AuditRecord = Schemas['AuditRecord']
export type AuditPage = Schemas['AuditPage']
export type AuditHealth = Schemas['AuditHealth']
export type Deed = Schemas['Deed']
export type ProblemPart = Schemas['ProblemPart']
export type ProblemBody = Schemas['Problem']

type Report = Schemas['IncidentReport']
type Required = 'source' | 'source_id' | 'category' | 'x' | 'y'
export type NewIncident = Pick<Report, Required> & Partial<Omit<Report, Required>>

export type RegionRef = Schemas['RegionRef']
export type DataSet = Schemas['DataSet']
export type DataRecord = Schemas['Record']
export type RecordPage = Schemas['RecordPage']
export type RegionFigures = Schemas['RegionFigures']
export type Wish = Schemas['Wish']
export type Outcome = Schemas['Outcome']
export type Correction = Schemas['Correction']
export type CorrectionPage = Schemas['CorrectionPage']
export type QueuedCorrection = Schemas['QueuedCorrection']
export type Pushdown = Schemas['Pushdown']
export type GivenOut = Schemas['GivenOut']
export type GivenOutPage = Schemas['GivenOutPage']
export type Received = Schemas['Received']
export type Receipt = Schemas['Receipt']
export type PushdownVersion = Schemas['Version']
export type Preview = Omit<Schemas['Preview'], 'regions'> & { regions: { code: string; name: string; geometry: Polygon | MultiPolygon }[] }
export type NewOpening = Pick<Schemas['Opening'], 'data_set' | 'tier' | 'region' | 'purpose'> & Partial<Schemas['Opening']>

export type Register = Schemas['Register']
export type Brought = Schemas['Brought']
