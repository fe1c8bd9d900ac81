/** Onvera as the OpenID provider of its deployments: code with PKCE, own clients only, asked anew at every authorization. */
import Provider, { type Configuration, interactionPolicy, type JWKS } from "oidc-provider";
import { PROVIDER_PATH, SIGN_IN_SCOPE } from "../../domain/sign-in.ts";
import { ensureInstallationSecret } from "../../store/crypto/installation-secrets.ts";
import type { ServerDeps } from "../deps.ts";
import { transact } from "../transact.ts";
import { memberAt } from "./members.ts";
import { recordsOf } from "./records.ts";
import { providerKeyNames, providerKeys } from "./signing-keys.ts";

/** Seconds each thing lives. A sign-in waits for a person; everything after it is a matter of moments. */
const life = { Interaction: 600, Session: 600, Grant: 600, AuthorizationCode: 60, AccessToken: 300, IdToken: 300 };

/** The path below the server at which a person goes on whose sign-in was let through. */
export const continuePath = (signInId: string): string => `${PROVIDER_PATH}/auth/${signInId}`;

export type ProviderDeps = Pick<ServerDeps, "store" | "dataKeys" | "custody" | "now" | "log" | "issuer">;

export interface ProviderSource {
  /** The provider with the keys of this moment; undefined while the server's address is not known. */
  current(): Promise<Provider | undefined>;
}

/** Makes the provider when it is first needed, and anew when its keys were replaced or the server has another address. */
export function providerSource(deps: ProviderDeps): ProviderSource {
  let made: { issuer: string; names: string; provider: Provider } | undefined;
  let secret: Promise<string> | undefined;
  return {
    async current() {
      const issuer = deps.issuer();
      if (issuer === undefined) return undefined;
      const names = await transact(deps, null, providerKeyNames);
      if (made && made.names === names && made.issuer === issuer && names !== "") return made.provider;
      secret ??= transact(deps, null, (db) =>
        ensureInstallationSecret(db, deps.dataKeys, "provider_cookies", randomSecret),
      );
      secret.catch(() => {
        secret = undefined;
      });
      const cookieKey = await secret;
      const { keys, found } = await transact(deps, null, async (db) => ({
        keys: await providerKeys(db, deps.dataKeys),
        found: await providerKeyNames(db),
      }));
      const provider = makeProvider(deps, { issuer, jwks: { keys } as JWKS, cookieKey });
      made = { issuer, names: found, provider };
      return provider;
    },
  };
}

const randomSecret = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");

function makeProvider(
  deps: ProviderDeps,
  { issuer, jwks, cookieKey }: { issuer: string; jwks: JWKS; cookieKey: string },
): Provider {
  const provider = new Provider(issuer, {
    adapter: (kind: string) => recordsOf(deps, kind),
    jwks,
    cookies: {
      keys: [cookieKey],
      names: { session: "onvera_provider", interaction: "onvera_sign_in", resume: "onvera_sign_in_resume" },
      long: { httpOnly: true, sameSite: "lax", path: PROVIDER_PATH },
      short: { httpOnly: true, sameSite: "lax" },
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: { enabled: false },
      userinfo: { enabled: true },
    },
    scopes: SIGN_IN_SCOPE.split(" "),
    claims: { openid: ["sub"], email: ["email"], profile: ["name"], role: ["role"] },
    // Apps read everything from the signed ID token; there is no second question to answer.
    conformIdTokenClaims: false,
    responseTypes: ["code"],
    subjectTypes: ["public"],
    clientAuthMethods: ["client_secret_basic"],
    enabledJWA: { idTokenSigningAlgValues: ["ES256"] },
    pkce: { required: () => true, methods: ["S256"] },
    ttl: life,
    interactions: { policy: askEveryTime(), url: (_, { uid }) => `/app-login/${uid}` },
    loadExistingGrant,
    // Asked for each token as well: who left between the page and the code gets nothing.
    findAccount: async (ctx, userId, token) => {
      const deploymentId = token?.clientId ?? ctx.oidc.client?.clientId;
      if (deploymentId === undefined) return undefined;
      const member = await transact(deps, null, (db) => memberAt(db, { userId, deploymentId }));
      if (member === undefined) return undefined;
      const { email, name, appRole } = member;
      return { accountId: userId, claims: async () => ({ sub: userId, email, name, role: appRole }) };
    },
    renderError: (ctx, { error, error_description: description }) => {
      ctx.type = "html";
      ctx.body = errorPage(error, description);
    },
  } satisfies Configuration);
  provider.on("server_error", (_, err) => deps.log.error({ err }, "The sign-in into an app failed"));
  return provider;
}

/** Every authorization goes through our own page, whatever session there is; there is nobody else to consent to. */
function askEveryTime() {
  const policy = interactionPolicy.base();
  policy.remove("consent");
  const { Check } = interactionPolicy;
  policy
    .get("login")
    ?.checks.add(
      new Check("asked_every_time", "Who may open the app is asked every time", (ctx) =>
        ctx.oidc.result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    );
  return policy;
}

const loadExistingGrant: Configuration["loadExistingGrant"] = async ({ oidc }) => {
  const clientId = oidc.client?.clientId;
  const accountId = oidc.session?.accountId;
  if (clientId === undefined || accountId === undefined) return undefined;
  const grant = new oidc.provider.Grant({ clientId, accountId });
  grant.addOIDCScope(SIGN_IN_SCOPE);
  await grant.save();
  return grant;
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

const errorPage = (error: string, description: string | undefined): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Not signed in</title></head>
<body><h1>Not signed in</h1><p>${escaped(description ?? error)}.</p>
<p>Go back to the app and sign in again. If it stays like this, tell your administrator: ${escaped(error)}.</p></body></html>
`;
