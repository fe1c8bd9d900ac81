/** Rows of the sealed columns that no ordinary request of a test fills: an invitation's mail, a provider's secret and records. */
import { putProvider } from "../../src/server/identity/settings.ts";
import { claimMail, queueMail } from "../../src/server/mail/outbox.ts";
import { recordsOf } from "../../src/server/sign-in/records.ts";
import type { DataKeys } from "../../src/store/crypto/data-keys.ts";
import type { TestServer } from "./http.ts";

const MAIL = { subject: "Invitation", text: "Follow the link.", html: "<p>Follow the link.</p>" };
const wish = {
  issuer: "https://login.example.test",
  client_id: "onvera",
  scopes: ["openid"],
  group_claim: "groups",
  group_roles: [],
  default_role: null,
  just_in_time: false,
  sso_only: false,
};

/** Makes one of each. @returns what reads them back, with other keys */
export async function addSealedRows({ store, deps, call }: TestServer, { organizationId, key }: Owner) {
  const email = "sealed@example.test";
  const { body } = await call("POST", "/api/v1/invitations", { key, body: { email } });
  await store.asPlatform(async (db) => {
    await queueMail(db, deps.dataKeys, { organizationId, invitationId: body.data.id, recipient: email, mail: MAIL });
    await putProvider(db, deps.dataKeys, organizationId, { wish, clientSecret: "client-secret" });
  });
  await recordsOf(deps, "Session").upsert("session", { uid: "u" }, 600);
  return async (dataKeys: DataKeys) => ({
    mail: (await store.asPlatform((db) => claimMail(db, dataKeys)))?.mail,
    record: await recordsOf({ ...deps, dataKeys }, "Session").find("session"),
  });
}

interface Owner {
  organizationId: string;
  /** The owner's key. */
  key: string;
}
