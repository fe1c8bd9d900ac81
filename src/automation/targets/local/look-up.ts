/** The receipt's question on this machine: is that resource still there, and is it ours? Asked of reality, not of the state. */
import { existsSync } from "node:fs";
import type { SupervisorClient } from "../../../local/supervisor/client-port.ts";
import type { LookUp, RecordedResource } from "../../worker/target-driver.ts";
import { benchItemExists } from "../bench-items.ts";
import type { AdminConnection } from "../database-server/admin-connection.ts";
import { lookUpAnswer, lookUpOnServer, noAnswer } from "../database-server/look-up.ts";

export interface LookUpDeps {
  admin: AdminConnection;
  supervisor: SupervisorClient;
  /** Where the bench app's items are; there is none unless this installation runs it. */
  benchFolder: string;
}

/**
 * Looks one recorded resource up again. What cannot be asked is `unknown`, never `absent`.
 */
export async function lookUpLocally(
  deps: LookUpDeps,
  deploymentId: string,
  resource: RecordedResource,
): Promise<LookUp> {
  try {
    return await question(deps, deploymentId, resource);
  } catch (error) {
    return noAnswer(error);
  }
}

async function question(
  deps: LookUpDeps,
  deploymentId: string,
  { type, physicalId }: RecordedResource,
): Promise<LookUp> {
  const onServer = await lookUpOnServer(deps.admin, deploymentId, { type, physicalId });
  if (onServer !== undefined) return onServer;
  switch (type) {
    case "onvera:bench:Item":
      return lookUpAnswer(benchItemExists(deps.benchFolder, deploymentId, physicalId), "ledger file", true);
    case "onvera:local:Identity":
      return identity(deps.supervisor, deploymentId);
    case "onvera:local:Route":
      return { ...(await route(deps.supervisor, deploymentId, physicalId)), goesWithAnother: true };
    default:
      // Processes, files, secrets and what a job did all go with the deployment's identity.
      if (type.startsWith("onvera:local:")) {
        return { ...(await identity(deps.supervisor, deploymentId)), goesWithAnother: true };
      }
      throw new Error(`Nothing on this machine can look up a ${type}.`);
  }
}

async function identity(supervisor: SupervisorClient, deploymentId: string): Promise<LookUp> {
  const state = await supervisor.getDeployment(deploymentId);
  if (state === null) return lookUpAnswer(false, "deployment id at the supervisor", true);
  return lookUpAnswer(existsSync(state.identity.home), "deployment id at the supervisor and its folder", true);
}

async function route(supervisor: SupervisorClient, deploymentId: string, host: string): Promise<LookUp> {
  const state = await supervisor.getDeployment(deploymentId);
  return lookUpAnswer(state?.routes.some((one) => one.host === host) ?? false, "host at the gateway", true);
}
