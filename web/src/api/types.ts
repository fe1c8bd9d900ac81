/** The API's shapes, out of openapi.json. */
import type { components } from "../../../src/cli/api-types.ts";

type Schemas = components["schemas"];

export type ApiKey = Schemas["ApiKey"];
export type App = Schemas["App"];
export type AuditEvent = Schemas["AuditEvent"];
export type Cluster = Schemas["Cluster"];
export type CreateDeployment = Schemas["CreateDeployment"];
export type BegunSso = Schemas["BegunSso"];
export type Deployment = Schemas["Deployment"];
export type DeploymentAccess = Schemas["DeploymentAccess"];
export type DeploymentChanges = Schemas["DeploymentChanges"];
export type DestroyReceipt = Schemas["DestroyReceipt"];
export type Environment = Schemas["Environment"];
export type Health = Schemas["Health"];
export type Member = Schemas["Member"];
export type LogLine = Schemas["LogLine"];
export type Metrics = Schemas["Metrics"];
export type MetricsHistory = Schemas["MetricsHistory"];
export type Operation = Schemas["Operation"];
export type OperationEvent = Schemas["OperationEvent"];
export type AccessExplanation = Schemas["AccessExplanation"];
export type Session = Schemas["Session"];
export type Problem = Schemas["Problem"];
export type Project = Schemas["Project"];
export type Sso = Schemas["Sso"];
export type StackResource = Schemas["StackResource"];
export type Version = Schemas["Version"];
export type Webhook = Schemas["Webhook"];
export type WebhookDelivery = Schemas["WebhookDelivery"];
export type WhoAmI = Schemas["WhoAmI"];
export type Worker = Schemas["Worker"];
