/** Who is signed in. The access token lives in memory only; the refresh token is a cookie no script can read. */
import { ApiProblem, readProblem } from "../api/problem.ts";
import type { BegunSso, Version } from "../api/types.ts";

type State = { status: "unknown" } | { status: "signed-out" } | { status: "signed-in" };

interface Token {
  value: string;
  /** Milliseconds since 1970 after which it is renewed. */
  renewAfter: number;
}

const LOGIN = "/api/v1/auth/login";
const REFRESH = "/api/v1/auth/refresh";
const ACCEPT = "/api/v1/invitations/accept";
const WHOAMI = "/api/v1/whoami";
const LOGOUT = "/api/v1/auth/logout";
const SIGN_UP = "/api/v1/auth/sign-up";
const SSO_BEGIN = "/api/v1/auth/sso/begin";
const SSO_FINISH = "/api/v1/auth/sso/finish";
const VERSION = "/api/v1/version";
/** Renewed this long before it runs out. */
const MARGIN_MILLISECONDS = 60_000;

let state: State = { status: "unknown" };
let token: Token | undefined;
const listeners = new Set<() => void>();
/** Tells the other tabs that somebody signed out. */
const channel = new BroadcastChannel("onvera session");
channel.onmessage = () => become({ status: "signed-out" });

function become(next: State): void {
  if (next.status !== "signed-in") token = undefined;
  state = next;
  for (const listener of listeners) listener();
}

export const sessionStore = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  snapshot: () => state,
};

async function post(address: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiProblem(response.status, readProblem(answer));
  return answer;
}

function take(answer: unknown): string {
  const { access_token: value, expires_in: seconds } = (
    answer as { data: { access_token: string; expires_in: number } }
  ).data;
  token = { value, renewAfter: Date.now() + seconds * 1000 - MARGIN_MILLISECONDS };
  if (state.status !== "signed-in") become({ status: "signed-in" });
  return value;
}

/** Signs in. @throws ApiProblem when it is refused */
export async function signIn(email: string, password: string): Promise<void> {
  take(await post(LOGIN, { email, password, cookie: true }));
}

/** Begins to sign in by an organization's provider. @throws ApiProblem when there is none by that name */
export async function beginSso(who: string): Promise<BegunSso> {
  return ((await post(SSO_BEGIN, { who })) as { data: BegunSso }).data;
}

/** Finishes it with the query the provider sent the browser back with. @throws ApiProblem when that is refused */
export async function finishSso(response: string): Promise<void> {
  take(await post(SSO_FINISH, { response }));
}

/**
 * Uses an invitation, then signs in as the person it made a member.
 * @throws ApiProblem when the invitation is not valid any more, or the password is wrong or too weak
 */
export async function join({ token: invitation, name, password }: { token: string; name: string; password: string }) {
  const accepted = await post(ACCEPT, { token: invitation, password, ...(name !== "" && { name }) });
  const { access_token: access } = (accepted as { data: { access_token: string } }).data;
  const bearer = { Authorization: `Bearer ${access}` };
  const response = await fetch(WHOAMI, { headers: bearer });
  const { email } = ((await response.json()) as { data: { user: { email: string } } }).data.user;
  await leaveSession(bearer);
  await signIn(email, password);
}

/** The session that comes with a new account is a program's; a browser keeps its own in the cookie. */
const leaveSession = (bearer: { Authorization: string }) => post(LOGOUT, {}, bearer);

export interface NewAccount {
  email: string;
  name: string;
  /** Of the organization; empty for one named after the person. */
  organization: string;
  password: string;
}

/**
 * Makes an account with an organization of its own, then signs in.
 * @throws ApiProblem where sign-up is closed, the address is known already or the password is too weak
 */
export async function signUp({ email, name, organization, password }: NewAccount): Promise<void> {
  const named = organization === "" ? {} : { organization_name: organization };
  const made = await post(SIGN_UP, { email, name, password, ...named });
  await leaveSession({ Authorization: `Bearer ${(made as { data: { access_token: string } }).data.access_token}` });
  await signIn(email, password);
}

/** Whether strangers can make an account. @throws ApiProblem or TypeError when the service could not be asked */
export async function signUpMode(): Promise<Version["sign_up"]> {
  const response = await fetch(VERSION);
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiProblem(response.status, readProblem(answer));
  return (answer as { data: Version }).data.sign_up;
}

/**
 * Ends the session here and in the other tabs. The service must have heard of it: the cookie outlives this page.
 * @throws ApiProblem or TypeError when it could not be told
 */
export async function signOut(): Promise<void> {
  try {
    await post(LOGOUT, {}, { Authorization: `Bearer ${await accessToken()}` });
  } catch (error) {
    // 401: the session has ended already.
    if (!(error instanceof ApiProblem && error.status === 401)) throw error;
  }
  channel.postMessage("signed out");
  become({ status: "signed-out" });
}

let renewing: Promise<string> | undefined;

/**
 * The access token, renewed when it is about to run out. A refresh works once, so tabs take turns.
 * @throws ApiProblem when nobody is signed in
 */
export function accessToken({ force = false } = {}): Promise<string> {
  if (!force && token && Date.now() < token.renewAfter) return Promise.resolve(token.value);
  renewing ??= inTurn(async () => take(await post(REFRESH, {})))
    .catch((error: unknown) => {
      if (error instanceof ApiProblem && error.status === 401) become({ status: "signed-out" });
      throw error;
    })
    .finally(() => {
      renewing = undefined;
    });
  return renewing;
}

/** Locks need a secure context; a page without one has no second tab that shares its cookie unseen. */
const inTurn = async (work: () => Promise<string>): Promise<string> =>
  "locks" in navigator ? await navigator.locks.request("onvera refresh", work) : work();
