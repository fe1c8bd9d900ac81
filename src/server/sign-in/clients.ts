/** One client per deployment, made of the deployment's own record: it appears and goes with it. */
import type { ClientMetadata } from "oidc-provider";
import { appTypeOf } from "../../domain/deployment-spec.ts";
import { parseId } from "../../domain/ids.ts";
import { publicUrl } from "../../domain/public-url.ts";
import { CLIENT_SECRET, redirectUri, SIGN_IN_SCOPE } from "../../domain/sign-in.ts";
import type { Scoped } from "../../store/database.ts";
import type { ServerDeps } from "../deps.ts";

/**
 * The client of a deployment that lives. Needs a platform transaction.
 * @param id the deployment's id, which is the client's too
 * @returns undefined for an unknown or destroyed deployment, and before its secret was made
 */
export async function clientOf(
  db: Scoped,
  { custody }: Pick<ServerDeps, "custody">,
  id: string,
): Promise<ClientMetadata | undefined> {
  const row = await db
    .selectFrom("deployments as d")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .innerJoin("clusters as c", "c.id", "e.cluster_id")
    .select(["d.id", "d.organization_id", "d.name", "d.app_type", "d.host_label", "c.kind", "c.domain", "c.settings"])
    .where("d.id", "=", parseId("deployment", id) ?? "")
    .where("d.status", "in", ["provisioning", "ready"])
    .executeTakeFirst();
  const appType = row && appTypeOf(row.app_type);
  if (!row || appType === undefined || row.id !== id) return undefined;
  const secret = await custody.read(db, { ownerId: id, organizationId: row.organization_id, name: CLIENT_SECRET });
  if (secret === undefined) return undefined;
  const url = publicUrl(row.host_label, { kind: row.kind, domain: row.domain, settings: row.settings });
  return {
    client_id: id,
    client_secret: secret,
    client_name: row.name,
    redirect_uris: [redirectUri(appType, url)],
    response_types: ["code"],
    grant_types: ["authorization_code"],
    token_endpoint_auth_method: "client_secret_basic",
    id_token_signed_response_alg: "ES256",
    scope: SIGN_IN_SCOPE,
  };
}
