/** Puts together what the Pulumi program reads, with the deployment's secrets from custody. */
import { randomBytes } from "node:crypto";
import type { LoginTurn } from "../../domain/database-logins.ts";
import { keysInCustody, longLivedKeys } from "../../domain/long-lived-keys.ts";
import type { ProgramInput, TargetContext } from "../../domain/program-input.ts";
import type { Custody } from "../../store/crypto/custody.ts";
import type { Scoped, Store } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { DeploymentRecord, Revision } from "./context.ts";

/** Custody's name for the key of a stack's secrets. */
export const STACK_KEY_NAME = "pulumi_stack_key";

export interface DeploymentSecrets {
  stackKey: string;
  /** Keys that outlive the stack, by the name the workload knows them under. */
  keys: Record<string, string>;
}

/** Reads the deployment's long-lived secrets, making those that are missing. */
export async function ensureSecrets(
  store: Store,
  custody: Custody,
  { identity }: Pick<DeploymentRecord, "identity">,
  revision: Revision,
): Promise<DeploymentSecrets> {
  const owner = { ownerId: identity.deploymentId, organizationId: identity.organizationId };
  return store.forOrganization(identity.organizationId, async (db) => {
    const stackKey = await custody.ensure(db, { ...owner, name: STACK_KEY_NAME }, () =>
      randomBytes(32).toString("base64"),
    );
    const keys: Record<string, string> = {};
    for (const name of keysInCustody(revision.workload?.secrets ?? [])) {
      const make = longLivedKeys[name];
      if (make) keys[name] = await custody.ensure(db, { ...owner, name }, make);
    }
    return { stackKey, keys };
  });
}

/** The program's input for one revision. */
export function programInput(
  { identity }: Pick<DeploymentRecord, "identity">,
  revision: Revision,
  parts: {
    name: string;
    secrets: DeploymentSecrets;
    target: TargetContext;
    protect: boolean;
    keepLogin?: LoginTurn | undefined;
  },
): ProgramInput {
  return {
    identity,
    spec: revision.spec,
    revision: parts.name,
    workload: revision.workload,
    custody: parts.secrets.keys,
    context: parts.target,
    options: { protect: parts.protect, adopt: {}, keepLogin: parts.keepLogin && loginTurn(parts.keepLogin) },
  };
}

const loginTurn = ({ database_login, database_rotation }: LoginTurn): LoginTurn => ({
  database_login,
  database_rotation,
});

/** Keeps what the stack made and the control plane must be able to show, sealed, in custody. */
export async function storeSecretOutputs(
  db: Scoped,
  custody: Custody,
  operation: Operation,
  secretOutputs: Readonly<Record<string, string>>,
): Promise<void> {
  if (operation.resource_type !== "deployment") return;
  for (const [name, value] of Object.entries(secretOutputs)) {
    const secret = { ownerId: operation.resource_id, organizationId: operation.organization_id, name };
    if ((await custody.read(db, secret)) !== value) await custody.put(db, secret, value);
  }
}
