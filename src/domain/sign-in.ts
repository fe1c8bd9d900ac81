/** Onvera as the OpenID provider of its deployments: the addresses and names that provider and apps agree on. */
import type { AppType } from "./deployment-spec.ts";

/** Where the provider is mounted, below the server's own address. */
export const PROVIDER_PATH = "/oidc";

/** The secret of a deployment's client, in custody and in the app. */
export const CLIENT_SECRET = "sign_in_secret";

/** What an app asks for; `role` carries the app's own role. */
export const SIGN_IN_SCOPE = "openid email profile role";

/** Where people and apps reach the provider. */
export interface SignInAddress {
  /** The issuer, as browsers and tokens name it: `http://127.0.0.1:7600/oidc`. */
  issuer: string;
  /** The same provider as the app reaches it: on the control plane's machine by loopback, in pods at the issuer's address. */
  internal: string;
}

/** The provider below a server. @param publicUrl as browsers reach it @param localUrl as apps do */
export const signInAddress = (publicUrl: string, localUrl: string): SignInAddress => ({
  issuer: `${publicUrl.replace(/\/+$/, "")}${PROVIDER_PATH}`,
  internal: `${localUrl}${PROVIDER_PATH}`,
});

/** Airflow serves the pages of its auth manager below a folder. */
const folders: Record<AppType, string> = { superset: "", airflow: "/auth" };

/** The address inside an app that begins a sign-in; opening it lands a member inside. */
export const signInUrl = (appType: AppType, publicUrl: string): string =>
  `${publicUrl}${folders[appType]}/onvera/login`;

/** The one address a code of a deployment's client is sent to. */
export const redirectUri = (appType: AppType, publicUrl: string): string =>
  `${publicUrl}${folders[appType]}/onvera/authorized`;
