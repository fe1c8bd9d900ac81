/**
 * Stands in for the official `kubernetes` plugin in tests, where that cannot be had: server-side apply, wait, delete,
 * read and diff for the types our programs use. The access comes with the call, as it does for our own packages.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ProviderPackage } from "../../../src/providers/host/provider-package.ts";
import {
  type CallContext,
  type ResourceHandler,
  resourceHandler,
} from "../../../src/providers/host/resource-handler.ts";
import { type AskServer, askServer } from "./api-server.ts";
import { jobEnd, jobSucceeds } from "./job-end.ts";
import { type Kind, kinds, objectPath } from "./kinds.ts";
import { inShapeOf } from "./live-inputs.ts";

const FIELD_MANAGER = "onvera";
const GONE_POLL_MILLISECONDS = 250;
const GONE_SECONDS = 300;

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});
type Manifest = z.output<typeof Manifest>;

/** Told of each request, for tests that count. */
export type OnRequest = (method: string, path: string) => void;

/** The package; its version is that of the official plugin whose state it writes. */
export const kubernetesPackage = (onRequest: OnRequest = () => undefined): ProviderPackage => ({
  name: "kubernetes",
  version: "4.34.2",
  handlers: kinds.map((kind) => handlerOf(kind, onRequest)),
});

/** The official plugin leaves such objects to themselves when they are made, changed and deleted. */
const isAwaited = (inputs: unknown): boolean =>
  Manifest.safeParse(inputs).data?.metadata.annotations?.["pulumi.com/skipAwait"] !== "true";

const idOf = ({ namespaced }: Kind, { metadata }: Manifest): string =>
  namespaced ? `${metadata.namespace ?? "default"}/${metadata.name}` : metadata.name;

function handlerOf(kind: Kind, onRequest: OnRequest): ResourceHandler {
  const isJob = kind.plural === "jobs";
  const path = (id: string) => objectPath(kind, id);
  const serverOf = ({ access }: CallContext): AskServer => {
    if (!access?.kubeconfig) throw new Error("Nobody told this process how the stack's cluster is reached.");
    const ask = askServer(access.kubeconfig);
    return (method, at, ...rest) => {
      onRequest(method, at);
      return ask(method, at, ...rest);
    };
  };
  const apply = async (ask: AskServer, id: string, manifest: Manifest, signal: AbortSignal) => {
    const query = `fieldManager=${FIELD_MANAGER}&fieldValidation=Strict&force=true`;
    const { status, body } = await ask("PATCH", `${path(id)}?${query}`, manifest, "application/apply-patch+yaml");
    if (status >= 300) throw new Error(`${manifest.kind} ${id}: ${String(body.message ?? `HTTP ${status}`)}`);
    if (isJob) await jobSucceeds(ask, path(id), signal);
    return {};
  };
  const gone = async (ask: AskServer, id: string, awaited = true) => {
    const foreground = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Foreground" };
    const { status, body } = await ask("DELETE", path(id), foreground);
    if (status === 404) return;
    if (status >= 300) throw new Error(`${kind.plural} ${id}: ${String(body.message ?? `HTTP ${status}`)}`);
    if (!awaited) return;
    const deadline = performance.now() + GONE_SECONDS * 1000;
    while ((await ask("GET", path(id))).status !== 404) {
      if (performance.now() > deadline) throw new Error(`${kind.plural} ${id} is still there after ${GONE_SECONDS} s.`);
      await sleep(GONE_POLL_MILLISECONDS);
    }
  };

  return resourceHandler(Manifest, {
    type: kind.type,
    replaceOn: kind.replaceOn,
    // An import takes the program's word, and applies it.
    unreadable: ["metadata", "spec", "data", "stringData", "type", "rules", "roleRef", "subjects"],
    physicalName: (inputs) => idOf(kind, inputs),
    create: async (inputs, context) => {
      const ask = serverOf(context);
      const id = idOf(kind, inputs);
      // A Job that failed only fails again; one that an earlier attempt began is waited for.
      if (isJob && jobEnd((await ask("GET", path(id))).body) === "failed") await gone(ask, id);
      return { id, outputs: await apply(ask, id, inputs, context.abandoned) };
    },
    update: async (id, inputs, _known, context) => apply(serverOf(context), id, inputs, context.abandoned),
    read: async (id, known, context) => {
      const { status, body } = await serverOf(context)("GET", path(id));
      if (status === 404) return null;
      if (status >= 300) throw new Error(`${kind.plural} ${id}: ${String(body.message ?? `HTTP ${status}`)}`);
      const fixed = { apiVersion: body.apiVersion, kind: body.kind };
      if (known === null) return { inputs: fixed, outputs: fixed };
      // What goes in as text comes out encoded: only the program knows it, and no answer of the server is compared.
      const { stringData, ...readable } = known.inputs;
      const inputs = inShapeOf(readable, body) as Record<string, unknown>;
      return { inputs, outputs: { ...inputs, ...(stringData === undefined ? {} : { stringData }) } };
    },
    delete: (id, known, context) => gone(serverOf(context), id, isAwaited(known.inputs)),
  });
}
