/** Pulumi's ResourceProvider protocol for one package: messages in, messages out, errors as status. */
import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import type { Connection } from "./connection.ts";
import type { ProviderPackage } from "./provider-package.ts";
import type { ResourceCalls } from "./resource-calls.ts";
import { decodeProperties, encodeProperties, type Properties } from "./values.ts";

interface ServiceOptions {
  provider: ProviderPackage;
  calls: ResourceCalls;
  /** The connection a call came by. */
  connectionOf(peer: string): Connection;
  /** Binds a connection to the run of the stack its provider resource belongs to. */
  bind(connection: Connection, urn: string): void;
}

/** Methods left out (Invoke, Call, Construct, Parameterize, List, GetMapping) answer UNIMPLEMENTED by themselves. */
export function createProviderService(options: ServiceOptions): UntypedServiceImplementation {
  const { provider, calls, connectionOf, bind } = options;
  const method =
    <Request, Response>(answer: (request: Request, connection: Connection) => Promise<Response> | Response) =>
    (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>): void => {
      Promise.resolve()
        .then(() => answer(call.request, connectionOf(call.getPeer())))
        .then(
          (response) => done(null, response),
          (error: unknown) => done({ code: status.UNKNOWN, details: messageOf(error) }),
        );
    };
  const secretsOf = (urn: string, ...known: Properties[]): Set<string> =>
    new Set([...(calls.handler(urn).secrets ?? []), ...known.flatMap(({ secretKeys }) => [...secretKeys])]);
  const empty = () => new emptyPb.Empty();

  return {
    handshake: method(() =>
      new proto.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(false).setAcceptOutputs(false),
    ),
    attach: method(empty),
    getPluginInfo: method(() => new plugin.PluginInfo().setVersion(provider.version)),
    getSchema: method(() =>
      new proto.GetSchemaResponse().setSchema(JSON.stringify({ name: provider.name, version: provider.version })),
    ),
    checkConfig: method((request: proto.CheckRequest) => new proto.CheckResponse().setInputs(request.getNews())),
    diffConfig: method(() => new proto.DiffResponse().setChanges(proto.DiffResponse.DiffChanges.DIFF_NONE)),
    configure: method((request: proto.ConfigureRequest, connection) => {
      connection.config = decodeProperties(request.getArgs()).values;
      const urn = request.getUrn();
      if (urn) bind(connection, urn);
      return new proto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true).setAcceptresources(false);
    }),
    cancel: method((_request: emptyPb.Empty, connection) => {
      connection.canceled = true;
      return empty();
    }),

    check: method((request: proto.CheckRequest) => {
      const inputs = decodeProperties(request.getNews());
      const failures = calls
        .check(request.getUrn(), inputs.values)
        .map(({ property, reason }) => new proto.CheckFailure().setProperty(property).setReason(reason));
      const secretKeys = secretsOf(request.getUrn(), inputs);
      return new proto.CheckResponse().setInputs(encodeProperties(inputs.values, secretKeys)).setFailuresList(failures);
    }),

    diff: method(async (request: proto.DiffRequest, connection) => {
      const outputs = decodeProperties(request.getOlds()).values;
      const oldInputs = request.hasOldInputs() ? decodeProperties(request.getOldInputs()).values : outputs;
      const result = await calls.diff(connection, {
        urn: request.getUrn(),
        id: request.getId(),
        known: { inputs: oldInputs, outputs },
        inputs: decodeProperties(request.getNews()).values,
        ignoreChanges: request.getIgnorechangesList(),
      });
      const { DIFF_SOME, DIFF_NONE } = proto.DiffResponse.DiffChanges;
      const response = new proto.DiffResponse()
        .setChanges(result.changes.size > 0 ? DIFF_SOME : DIFF_NONE)
        .setDiffsList([...result.changes.keys()])
        .setReplacesList(result.replaces)
        .setDeletebeforereplace(result.deleteBeforeReplace)
        .setHasdetaileddiff(true);
      for (const [key, change] of result.changes) {
        const kind =
          proto.PropertyDiff.Kind[
            `${change.toUpperCase() as "ADD" | "DELETE" | "UPDATE"}${result.replaces.includes(key) ? "_REPLACE" : ""}`
          ];
        response.getDetaileddiffMap().set(key, new proto.PropertyDiff().setKind(kind).setInputdiff(true));
      }
      return response;
    }),

    create: method(async (request: proto.CreateRequest, connection) => {
      const inputs = decodeProperties(request.getProperties());
      const created = await calls.create(connection, request.getUrn(), inputs.values, request.getPreview());
      const secretKeys = secretsOf(request.getUrn(), inputs);
      return new proto.CreateResponse().setId(created.id).setProperties(encodeProperties(created.outputs, secretKeys));
    }),

    read: method(async (request: proto.ReadRequest, connection) => {
      const outputs = decodeProperties(request.getProperties());
      const inputs = decodeProperties(request.getInputs());
      const known = Object.keys(outputs.values).length > 0 ? { inputs: inputs.values, outputs: outputs.values } : null;
      const live = await calls.read(connection, request.getUrn(), request.getId(), known);
      if (live === null) return new proto.ReadResponse();
      const secretKeys = secretsOf(request.getUrn(), inputs, outputs);
      return new proto.ReadResponse()
        .setId(live.id ?? request.getId())
        .setInputs(encodeProperties(live.inputs, secretKeys))
        .setProperties(encodeProperties(live.outputs, secretKeys));
    }),

    update: method(async (request: proto.UpdateRequest, connection) => {
      const inputs = decodeProperties(request.getNews());
      const outputs = await calls.update(connection, {
        urn: request.getUrn(),
        id: request.getId(),
        known: knownState(request),
        inputs: inputs.values,
        preview: request.getPreview(),
      });
      const secretKeys = secretsOf(request.getUrn(), inputs);
      return new proto.UpdateResponse().setProperties(encodeProperties(outputs, secretKeys));
    }),

    delete: method(async (request: proto.DeleteRequest, connection) => {
      const outputs = decodeProperties(request.getProperties()).values;
      const inputs = decodeProperties(request.getOldInputs()).values;
      await calls.delete(connection, request.getUrn(), request.getId(), { inputs, outputs });
      return empty();
    }),
  };
}

const knownState = (request: proto.UpdateRequest) => ({
  inputs: decodeProperties(request.getOldInputs()).values,
  outputs: decodeProperties(request.getOlds()).values,
});

/** Errors travel in HTTP/2 trailers, which hold 64 KB after percent-encoding; more would break the whole connection. */
const MESSAGE_LIMIT_CHARACTERS = 6000;

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message.length <= MESSAGE_LIMIT_CHARACTERS) return message;
  const half = MESSAGE_LIMIT_CHARACTERS / 2;
  return `${message.slice(0, half)}\n… ${message.length - 2 * half} characters left out …\n${message.slice(-half)}`;
}
