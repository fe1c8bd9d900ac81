/** The API's types by operationId: what a call takes and what its answer holds. */
import type { components, operations } from "../api-types.ts";
import type { OperationId } from "./api-routes.ts";

type Schemas = components["schemas"];
export type Deployment = Schemas["Deployment"];
export type Operation = Schemas["Operation"];
export type OperationEvent = Schemas["OperationEvent"];
export type Accepted = Schemas["AcceptedOperation"];
export type Environment = Schemas["Environment"];
export type Organization = Schemas["Organization"];
export type ApiKey = Schemas["ApiKey"];
export type LogLine = Schemas["LogLine"];
export type StackResource = Schemas["StackResource"];
export type Pagination = Schemas["Pagination"];
export type CreateDeployment = Schemas["CreateDeployment"];
export type UpdateDeployment = Schemas["UpdateDeployment"];
export type DeploymentChanges = Schemas["DeploymentChanges"];

type Json<Response> = Response extends { content: { "application/json": infer Body } } ? Body : never;
type Opened<Body> = Body extends { data: infer Data } ? Data : Body;
type Good<Responses> = { [Status in keyof Responses]: Status extends 200 | 201 | 202 ? Responses[Status] : never };

/** What the envelope of an operation's successful answer holds. */
export type Data<Id extends OperationId> = Opened<
  Json<Good<operations[Id]["responses"]>[keyof operations[Id]["responses"]]>
>;

type Member<T, Name extends PropertyKey> = T extends Record<Name, infer Value> ? Value : undefined;
type Parameters<Id extends OperationId> = operations[Id]["parameters"];

export type Query<Id extends OperationId> = NonNullable<Parameters<Id>["query"]>;
type RequestBody<Id extends OperationId> = Member<
  Member<NonNullable<operations[Id]["requestBody"]>, "content">,
  "application/json"
>;

type PathMember<Id extends OperationId> =
  Member<Parameters<Id>, "path"> extends object ? { path: Member<Parameters<Id>, "path"> } : { path?: undefined };
type BodyMember<Id extends OperationId> = [RequestBody<Id>] extends [never]
  ? { body?: undefined }
  : { body: RequestBody<Id> };
type QueryMember<Id extends OperationId> =
  Parameters<Id> extends { query?: never } ? { query?: undefined } : { query?: Query<Id> };

export interface CallOptions {
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** How long one try may take, milliseconds. */
  timeoutMilliseconds?: number;
}

/** What a call of the operation takes: its path parameters, query and body, each only where it has them. */
export type CallRequest<Id extends OperationId> = PathMember<Id> & QueryMember<Id> & BodyMember<Id> & CallOptions;

/** The request may be left out where nothing in it is required. */
export type RequestArguments<Id extends OperationId> =
  Record<never, never> extends CallRequest<Id> ? [request?: CallRequest<Id>] : [request: CallRequest<Id>];
