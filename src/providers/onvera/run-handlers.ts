/** Job, Process and Route: what runs, and how the world reaches it. */

import type { z } from "zod";
import type { SupervisorClient } from "../../local/supervisor/client-port.ts";
import { type CallContext, type ResourceHandler, resourceHandler } from "../host/resource-handler.ts";
import type { Values } from "../host/values.ts";
import { JobInputs, onveraTypes, ProcessInputs, RouteInputs } from "./types.ts";

/** `<deploymentId>/<name>`: the id of a job or process. */
const partId = (deploymentId: string, name: string): string => `${deploymentId}/${name}`;

const partsOf = (id: string): { deploymentId: string; name: string } => {
  const slash = id.indexOf("/");
  return { deploymentId: id.slice(0, Math.max(slash, 0)), name: id.slice(slash + 1) };
};

export function runHandlers(supervisor: SupervisorClient): ResourceHandler[] {
  // A caller that is gone ends the waiting, not the job: the next attempt's PUT finds it by its run key.
  const runJob = async (
    { deploymentId, name, revision }: z.output<typeof JobInputs>,
    { abandoned }: CallContext,
  ): Promise<Values> => {
    const result = await supervisor.putJob(deploymentId, name, revision, { signal: abandoned });
    if (result.exitCode === 0) return { exitCode: 0, durationMilliseconds: result.durationMilliseconds };
    const ended = result.exitCode === null ? "was stopped before its end" : `ended with exit code ${result.exitCode}`;
    const lastLines = result.lastLines.length > 0 ? ` Its last lines:\n${result.lastLines.join("\n")}` : "";
    throw new Error(`Job ${name} ${ended}. The whole output is in the deployment's log of "job-${name}".${lastLines}`);
  };

  return [
    resourceHandler(JobInputs, {
      type: onveraTypes.job,
      computed: ["exitCode", "durationMilliseconds"],
      replaceOn: ["deploymentId", "name"],
      unimportant: ["revision", "phase"],
      unreadable: ["revision", "digest", "phase"],
      physicalName: ({ deploymentId, name }) => partId(deploymentId, name),
      create: async (job, context) => ({
        id: partId(job.deploymentId, job.name),
        outputs: await runJob(job, context),
      }),
      read: async (id, known) => {
        const { deploymentId, name } = partsOf(id);
        const state = await supervisor.getDeployment(deploymentId);
        const job = state?.jobs.find((one) => one.name === name && one.exitCode === 0);
        if (job === undefined) return null;
        const outputs = known?.outputs ?? { deploymentId, name, exitCode: 0 };
        return { inputs: { deploymentId, name }, outputs };
      },
      update: (_id, job, _known, context) => runJob(job, context),
      // What a job did stays done; the record of it goes with the deployment.
      delete: async () => {},
    }),

    resourceHandler(ProcessInputs, {
      type: onveraTypes.process,
      replaceOn: ["deploymentId", "name"],
      unimportant: ["revision"],
      unreadable: ["digest"],
      physicalName: ({ deploymentId, name }) => partId(deploymentId, name),
      create: async ({ deploymentId, name, revision }) => {
        await supervisor.putProcess(deploymentId, name, revision);
        return { id: partId(deploymentId, name), outputs: {} };
      },
      read: async (id, known) => {
        const { deploymentId, name } = partsOf(id);
        const state = await supervisor.getDeployment(deploymentId);
        if (!state?.processes.some((process) => process.name === name)) return null;
        return { inputs: { deploymentId, name }, outputs: known?.outputs ?? { deploymentId, name } };
      },
      update: async (_id, { deploymentId, name, revision }) => {
        await supervisor.putProcess(deploymentId, name, revision);
        return {};
      },
      delete: (id) => {
        const { deploymentId, name } = partsOf(id);
        return supervisor.deleteProcess(deploymentId, name);
      },
    }),

    resourceHandler(RouteInputs, {
      type: onveraTypes.route,
      replaceOn: ["host"],
      unreadable: ["deploymentId", "port"],
      physicalName: ({ host }) => host,
      create: async ({ host, ...body }) => {
        await supervisor.putRoute(host, body);
        return { id: host, outputs: {} };
      },
      read: async (id, known) => {
        const deploymentId = known?.outputs.deploymentId;
        // A host alone does not say whose it is, so an import takes the program's word and the next update sets it.
        if (typeof deploymentId !== "string") return { inputs: { host: id }, outputs: { host: id } };
        const state = await supervisor.getDeployment(deploymentId);
        const route = state?.routes.find((one) => one.host === id);
        if (route === undefined) return null;
        const inputs = { host: id, deploymentId, port: route.port };
        return { inputs, outputs: inputs };
      },
      update: async (_id, { host, ...body }) => {
        await supervisor.putRoute(host, body);
        return {};
      },
      delete: (id) => supervisor.deleteRoute(id),
    }),
  ];
}
