/** Identity, Secrets, Ports, Package, Files and Source: what a deployment has on this machine before anything runs. */
import type { SupervisorClient } from "../../local/supervisor/client-port.ts";
import { type HandlerSpec, type ResourceHandler, resourceHandler } from "../host/resource-handler.ts";
import {
  FilesInputs,
  IdentityInputs,
  onveraTypes,
  PackageInputs,
  PortsInputs,
  SecretsInputs,
  SourceInputs,
} from "./types.ts";

/** Gone with its Identity, so that nothing needs to be undone one by one. */
const goneWithIdentity = async (): Promise<void> => {};

export function deploymentHandlers(supervisor: SupervisorClient): ResourceHandler[] {
  const ofDeployment = {
    replaceOn: ["deploymentId"],
    physicalName: ({ deploymentId }: { deploymentId: string }) => deploymentId,
    delete: goneWithIdentity,
  };
  /** What cannot be read back exists as long as the deployment does, unless the supervisor says that it was never put. */
  const readWhole =
    (part?: "secrets" | "files" | "package"): HandlerSpec<never>["read"] =>
    async (id, known) => {
      const state = await supervisor.getDeployment(id);
      if (state === null || (part !== undefined && state.has?.[part] === false)) return null;
      return { inputs: { deploymentId: id }, outputs: known?.outputs ?? { deploymentId: id } };
    };

  return [
    resourceHandler(IdentityInputs, {
      ...ofDeployment,
      type: onveraTypes.identity,
      computed: ["uid", "home"],
      create: async ({ deploymentId }) => {
        const { uid, home } = await supervisor.putDeployment(deploymentId);
        return { id: deploymentId, outputs: { uid, home } };
      },
      read: async (id) => {
        const state = await supervisor.getDeployment(id);
        if (state === null) return null;
        const { uid, home } = state.identity;
        return { inputs: { deploymentId: id }, outputs: { deploymentId: id, uid, home } };
      },
      update: async (_id, _inputs, known) => ({ uid: known.outputs.uid, home: known.outputs.home }),
      delete: (id) => supervisor.deleteDeployment(id),
    }),

    resourceHandler(SecretsInputs, {
      ...ofDeployment,
      type: onveraTypes.secrets,
      secrets: ["secrets"],
      unreadable: ["secrets"],
      create: async ({ deploymentId, secrets }) => {
        await supervisor.putSecrets(deploymentId, secrets);
        return { id: deploymentId, outputs: {} };
      },
      read: readWhole("secrets"),
      update: async (id, { secrets }) => {
        await supervisor.putSecrets(id, secrets);
        return {};
      },
    }),

    resourceHandler(PortsInputs, {
      ...ofDeployment,
      type: onveraTypes.ports,
      computed: ["ports"],
      sets: ["names"],
      create: async ({ deploymentId, names }) => {
        const ports = await supervisor.putPorts(deploymentId, names);
        return { id: deploymentId, outputs: { ports: only(ports, names) } };
      },
      read: async (id, known) => {
        const state = await supervisor.getDeployment(id);
        if (state === null) return null;
        // The supervisor leases further ports by itself, for replicas; they are not this resource's.
        const wanted = Array.isArray(known?.inputs.names) ? known.inputs.names.map(String) : Object.keys(state.ports);
        const names = wanted.filter((name) => name in state.ports);
        return {
          inputs: { deploymentId: id, names },
          outputs: { deploymentId: id, names, ports: only(state.ports, names) },
        };
      },
      update: async (id, { names }) => ({ ports: only(await supervisor.putPorts(id, names), names) }),
    }),

    resourceHandler(PackageInputs, {
      ...ofDeployment,
      type: onveraTypes.package,
      sets: ["extraRequirements"],
      unreadable: ["lock", "extraRequirements"],
      create: async ({ deploymentId, ...body }) => {
        await supervisor.putPackage(deploymentId, body);
        return { id: deploymentId, outputs: {} };
      },
      read: readWhole("package"),
      update: async (id, { deploymentId: _same, ...body }) => {
        await supervisor.putPackage(id, body);
        return {};
      },
    }),

    resourceHandler(FilesInputs, {
      ...ofDeployment,
      type: onveraTypes.files,
      unimportant: ["revision"],
      unreadable: ["digest"],
      create: async ({ deploymentId, revision }) => {
        await supervisor.putFiles(deploymentId, revision);
        return { id: deploymentId, outputs: {} };
      },
      read: readWhole("files"),
      update: async (id, { revision }) => {
        await supervisor.putFiles(id, revision);
        return {};
      },
    }),

    resourceHandler(SourceInputs, {
      ...ofDeployment,
      type: onveraTypes.source,
      computed: ["commit"],
      unimportant: ["revision"],
      unreadable: ["digest"],
      create: async ({ deploymentId, revision }) => {
        const { commit } = await supervisor.postSource(deploymentId, revision);
        return { id: deploymentId, outputs: { commit } };
      },
      read: readWhole(),
      update: async (id, { revision }) => ({ commit: (await supervisor.postSource(id, revision)).commit }),
    }),
  ];
}

const only = (ports: Record<string, number>, names: string[]): Record<string, number> =>
  Object.fromEntries(Object.entries(ports).filter(([name]) => names.includes(name)));
