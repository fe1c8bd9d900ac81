/** The receipt's question on this machine: is that resource still there, and is it ours? Asked of reality, not of the state. */
import { existsSync } from "node:fs";
import { databaseName, loginRoleName, ownerRoleName } from "../../../domain/names.ts";
import type { SupervisorClient } from "../../../local/supervisor/client-port.ts";
import type { LookUp, RecordedResource } from "../../worker/target-driver.ts";
import { benchItemExists } from "../bench-items.ts";
import type { AdminConnection } from "./admin-connection.ts";
import { ownedOnServer } from "./owned-on-server.ts";
import { existsOnServer } from "./tenant-database.ts";

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
    return {
      found: "unknown",
      ours: false,
      lookedUpBy: "nothing answered",
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}

async function question(
  deps: LookUpDeps,
  deploymentId: string,
  { type, physicalId }: RecordedResource,
): Promise<LookUp> {
  const onServer = async (kind: "role" | "database", name: string) => {
    const present = await existsOnServer(deps.admin, kind, name);
    // A create that was cut short may have left it without a mark; its name or its owner says whose it is.
    const ours = isNameOf(deploymentId, name) || (present && (await isOwned(deps.admin, deploymentId, type, name)));
    return answer(present, `${kind} name, mark and owner on the database server`, ours);
  };
  switch (type) {
    case "postgresql:index/role:Role":
      return onServer("role", physicalId);
    case "postgresql:index/database:Database":
      return onServer("database", physicalId);
    case "postgresql:index/grant:Grant":
      // A grant lives in its database and goes with it.
      return { ...(await onServer("database", databaseName(deploymentId))), goesWithAnother: true };
    case "onvera:bench:Item":
      return answer(benchItemExists(deps.benchFolder, deploymentId, physicalId), "ledger file", true);
    case "onvera:local:Identity":
      return identity(deps.supervisor, deploymentId);
    case "onvera:local:Route":
      return { ...(await route(deps.supervisor, deploymentId, physicalId)), goesWithAnother: true };
    default:
      // Processes, files, secrets and what a job did all go with the deployment's identity.
      if (type.startsWith("onvera:local:")) {
        return { ...(await identity(deps.supervisor, deploymentId)), goesWithAnother: true };
      }
      if (inStateOnly.some((prefix) => type.startsWith(prefix))) {
        return answer(false, "lives in the stack's state only", true);
      }
      throw new Error(`Nothing on this machine can look up a ${type}.`);
  }
}

async function identity(supervisor: SupervisorClient, deploymentId: string): Promise<LookUp> {
  const state = await supervisor.getDeployment(deploymentId);
  if (state === null) return answer(false, "deployment id at the supervisor", true);
  return answer(existsSync(state.identity.home), "deployment id at the supervisor and its folder", true);
}

async function route(supervisor: SupervisorClient, deploymentId: string, host: string): Promise<LookUp> {
  const state = await supervisor.getDeployment(deploymentId);
  return answer(state?.routes.some((one) => one.host === host) ?? false, "host at the gateway", true);
}

/** Types that make nothing anywhere. */
const inStateOnly = ["random:", "pulumi:"];

function answer(present: boolean, lookedUpBy: string, ours: boolean): LookUp {
  return { found: present ? "present" : "absent", ours, lookedUpBy, detail: present ? "still there" : "gone" };
}

async function isOwned(admin: AdminConnection, deploymentId: string, type: string, name: string): Promise<boolean> {
  const owned = await ownedOnServer(admin, deploymentId);
  return owned.some((thing) => thing.type === type && thing.physicalId === name);
}

const isNameOf = (deploymentId: string, name: string): boolean =>
  [
    databaseName(deploymentId),
    ownerRoleName(deploymentId),
    loginRoleName(deploymentId, "a"),
    loginRoleName(deploymentId, "b"),
  ].includes(name);
