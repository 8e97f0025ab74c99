"""The part of NerdGraph's schema that is simulated, under the official names and with the official types."""

SCHEMA = """
schema { query: RootQueryType mutation: RootMutationType }

scalar EntityGuid
scalar EpochMilliseconds
scalar Nrql
scalar NrdbResult
scalar Seconds

type RootQueryType { actor: Actor }

type RootMutationType {
  changeTrackingCreateDeployment(
    dataHandlingRules: ChangeTrackingDataHandlingRules
    deployment: ChangeTrackingDeploymentInput!
  ): ChangeTrackingDeployment
}

type Actor {
  account(id: Int!): Account
  accounts: [AccountOutline]
  entities(guids: [EntityGuid]!): [Entity]
  entity(guid: EntityGuid!): Entity
  entitySearch(query: String): EntitySearch
  user: User
}

type User { email: String id: Int name: String }

type Account {
  id: Int
  name: String
  nrql(async: Boolean = false, query: Nrql!, timeout: Seconds): NrdbResultContainer
}

type AccountOutline { id: Int name: String }

type NrdbResultContainer { metadata: NrdbMetadata nrql: Nrql results: [NrdbResult] }
type NrdbMetadata { eventTypes: [String] facets: [String] messages: [String] timeWindow: NrdbMetadataTimeWindow }
type NrdbMetadataTimeWindow { begin: EpochMilliseconds end: EpochMilliseconds }

enum EntityAlertSeverity { CRITICAL NOT_ALERTING NOT_CONFIGURED WARNING }
enum EntityType { APM_APPLICATION_ENTITY }
type EntityTag { key: String values: [String] }

type EntitySearch { count: Int query: String results(cursor: String): EntitySearchResult }
type EntitySearchResult { entities: [EntityOutline] nextCursor: String }

interface EntityOutline {
  account: AccountOutline
  accountId: Int
  alertSeverity: EntityAlertSeverity
  domain: String
  entityType: EntityType
  guid: EntityGuid
  name: String
  permalink: String
  reporting: Boolean
  tags: [EntityTag]
  type: String
}

type ApmApplicationEntityOutline implements EntityOutline {
  account: AccountOutline
  accountId: Int
  alertSeverity: EntityAlertSeverity
  apmSummary: ApmApplicationSummaryData
  applicationId: Int
  domain: String
  entityType: EntityType
  guid: EntityGuid
  language: String
  name: String
  permalink: String
  reporting: Boolean
  tags: [EntityTag]
  type: String
}

interface Entity {
  account: AccountOutline
  accountId: Int
  alertSeverity: EntityAlertSeverity
  deploymentSearch: ChangeTrackingDeploymentSearchResult
  domain: String
  entityType: EntityType
  guid: EntityGuid
  name: String
  permalink: String
  reporting: Boolean
  tags: [EntityTag]
  type: String
}

type ApmApplicationEntity implements Entity {
  account: AccountOutline
  accountId: Int
  alertSeverity: EntityAlertSeverity
  apmSummary: ApmApplicationSummaryData
  applicationId: Int
  deploymentSearch: ChangeTrackingDeploymentSearchResult
  domain: String
  entityType: EntityType
  guid: EntityGuid
  language: String
  name: String
  permalink: String
  reporting: Boolean
  tags: [EntityTag]
  type: String
}

type ApmApplicationSummaryData { errorRate: Float throughput: Float }

enum ChangeTrackingDeploymentType { BASIC BLUE_GREEN CANARY OTHER ROLLING SHADOW }
enum ChangeTrackingValidationFlag { FAIL_ON_FIELD_LENGTH FAIL_ON_REST_API_FAILURES }

input ChangeTrackingDataHandlingRules { validationFlags: [ChangeTrackingValidationFlag!] }

input ChangeTrackingDeploymentInput {
  changelog: String
  commit: String
  deepLink: String
  deploymentType: ChangeTrackingDeploymentType
  description: String
  entityGuid: EntityGuid!
  groupId: String
  timestamp: EpochMilliseconds
  user: String
  version: String!
}

type ChangeTrackingDeployment {
  changelog: String
  commit: String
  deepLink: String
  deploymentId: String
  deploymentType: ChangeTrackingDeploymentType
  description: String
  entityGuid: EntityGuid!
  groupId: String
  timestamp: EpochMilliseconds!
  user: String
  version: String!
}

type ChangeTrackingDeploymentSearchResult { results: [ChangeTrackingDeployment] }
"""
