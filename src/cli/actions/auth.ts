/** `onvera auth`: signing in and out, and who one is. */
import { forgetKey, storedLine, storeKey } from "../config/credentials.ts";
import { CliError, usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, type Invocation, isSet, text } from "../invocation.ts";
import { showOne } from "../output/show.ts";
import { readSecret } from "../prompt.ts";
import { clientName, keyByBrowser } from "./browser-login.ts";

/** Signs in: by a key, or as a person, who is given a key of their own for this machine. */
export async function login(invocation: Invocation): Promise<undefined> {
  const { io, output } = invocation;
  const token = text(invocation, "token");
  const email = text(invocation, "email");
  const ways = [token !== undefined, isSet(invocation, "key"), email !== undefined, isSet(invocation, "browser")];
  if (ways.filter(Boolean).length > 1) throw usageError("--browser, --key, --token and --email exclude each other.");
  const key = token ?? (isSet(invocation, "key") ? await readSecret(io, "API key") : await keyOfPerson(invocation));
  if (!/^\S+$/.test(key)) throw usageError("That is not an API key.", "Keys look like onv_sk_live_…");
  await invocation.apiWith({ credential: key }).call("getCurrentUser");
  storeKey(invocation, key);
  output.line("✓ Authentication successful!");
  output.line(storedLine(invocation));
  if (io.env.ONVERA_API_KEY) output.warn("ONVERA_API_KEY is set and goes before the stored key.");
  return undefined;
}

/** By browser, as long as somebody is there to be asked, or with email and password. */
async function keyOfPerson(invocation: Invocation): Promise<string> {
  const email = text(invocation, "email");
  if (email !== undefined) return keyByPassword(invocation, email);
  if (!isSet(invocation, "browser") && !invocation.io.canAsk) {
    throw usageError(
      "Signing in waits for a person at a browser, and there is no terminal to say so on.",
      "Give a key instead: onvera auth login --key < key-file, or set ONVERA_API_KEY.",
      "Or: onvera auth login --email you@example.com < password-file",
    );
  }
  if (text(invocation, "organization") !== undefined) {
    throw usageError("--organization goes with --email. In the browser, choose the organization there.");
  }
  return keyByBrowser(invocation);
}

/** The password never becomes part of the configuration: it buys a key, and the session ends again. */
async function keyByPassword(invocation: Invocation, email: string): Promise<string> {
  const password = await readSecret(invocation.io, `Password for ${email}`);
  const organization = text(invocation, "organization");
  const session = await invocation.apiWith({}).call("login", {
    body: { email, password, ...(organization === undefined ? {} : { organization_id: organization }) },
  });
  return keyOfSession(invocation, session.access_token);
}

/** A key of one's own for this machine, made by a session that ends with it. */
export async function keyOfSession(invocation: Invocation, accessToken: string): Promise<string> {
  const api = invocation.apiWith({ credential: accessToken, bearer: true });
  try {
    const { key } = await api.call("createApiKey", { body: { name: clientName() } });
    return key;
  } finally {
    await api.call("logout").catch(() => undefined);
  }
}

/** Makes an account, and keeps a key of it here as signing in does. */
export async function signUp(invocation: Invocation): Promise<undefined> {
  const { io, output } = invocation;
  const email = argument(invocation, 0);
  const organizationName = text(invocation, "organizationName");
  const session = await invocation.apiWith({}).call("signUp", {
    body: {
      email,
      name: text(invocation, "name") ?? email,
      password: await readSecret(io, `Password for ${email} (at least 12 characters)`),
      ...(organizationName === undefined ? {} : { organization_name: organizationName }),
    },
  });
  storeKey(invocation, await keyOfSession(invocation, session.access_token));
  output.line(`✓ Your organization is ${session.organization_id}.`);
  output.line(storedLine(invocation));
  return undefined;
}

/** For programs that act as a person; a stored key stays where it is. */
export async function switchTo(invocation: Invocation): Promise<undefined> {
  const token = await readSecret(invocation.io, "Access token");
  if (token === "") throw new CliError("There is no access token on standard input.", { exitCode: exitCodes.usage });
  const api = invocation.apiWith({ credential: token, bearer: true });
  const pair = await api.call("switchOrganization", { body: { organization_id: argument(invocation, 0) } });
  invocation.output.data(pair, { names: () => [pair.access_token], table: () => `${pair.access_token}\n` });
  return undefined;
}

/** Removes the stored key here; the key itself stays valid, as documented. */
export async function logout(invocation: Invocation): Promise<undefined> {
  const { output, io } = invocation;
  output.line(forgetKey(invocation) ? "Signed out: the stored API key was removed." : "Nobody was signed in.");
  output.say("The key itself stays valid. Revoke it with 'onvera api-keys revoke' or in the dashboard.");
  if (io.env.ONVERA_API_KEY) output.warn("ONVERA_API_KEY is still set and still used.");
  return undefined;
}

export async function whoami(invocation: Invocation): Promise<undefined> {
  const { settings } = invocation;
  const me = await invocation.api().call("getCurrentUser");
  showOne(invocation, me, me.user.email, [
    ["User", `${me.user.name} <${me.user.email}>`],
    ["Organization", me.organization === null ? null : `${me.organization.name} (${me.organization.id})`],
    ["Role", me.role],
    ["Platform operator", me.is_platform_operator ? "yes" : null],
    ["Signed in by", me.api_key_id !== null ? `API key ${me.api_key_id} (from the ${settings.apiKeyFrom})` : "session"],
    ["Scopes", me.scopes.join(", ")],
    ["Service", `${settings.apiUrl} (from the ${settings.apiUrlFrom}, context '${settings.contextName}')`],
    [
      "Note",
      me.single_organization
        ? "runs without root: all apps share one system user, so it takes one organization only"
        : null,
    ],
  ]);
  return undefined;
}

/** Gives an access token for the dashboard's API from a refresh token on standard input; for programs that act as a person. */
export async function refresh(invocation: Invocation): Promise<undefined> {
  const token = await readSecret(invocation.io, "Refresh token");
  if (token === "") throw new CliError("There is no refresh token on standard input.", { exitCode: exitCodes.usage });
  const pair = await invocation.apiWith({}).call("refreshSession", { body: { refresh_token: token } });
  invocation.output.data(pair, { names: () => [pair.access_token], table: () => `${pair.access_token}\n` });
  return undefined;
}
