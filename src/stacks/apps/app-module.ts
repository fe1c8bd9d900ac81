/** What an app module is, and the few things all of them say the same way. */

import { ADMIN_USER } from "../../domain/app-catalog.ts";
import { managedAppRoles, ONVERA_MARK } from "../../domain/app-roles.ts";
import type { AppType, DeploymentIdentity, DeploymentSpec } from "../../domain/deployment-spec.ts";
import { CLIENT_SECRET, redirectUri, SIGN_IN_SCOPE, type SignInAddress } from "../../domain/sign-in.ts";
import type { Probe, Workload, WorkloadFile } from "../../domain/workload.ts";

/** Pure: the same spec gives the same workload, on any machine. */
export type AppModule = (spec: DeploymentSpec, identity: DeploymentIdentity, surroundings: Surroundings) => Workload;

/** What an app needs to know of the installation it is deployed by. */
export interface Surroundings {
  /** Where Onvera signs members in; undefined where no server ever listened. */
  signIn?: SignInAddress | undefined;
}

/** The app's interpreter; an overlay of a deployment's own requirements stands in its place when there is one. */
export const PYTHON = "{{dir:package}}/bin/python";

/** A file that comes with the package: bootstrap, configuration module, probes (apps/<app>/). */
export const packaged = (file: string): string => `{{dir:package}}/share/onvera/${file}`;

/** Environment every Python app gets. */
export const pythonEnvironment = {
  // Programs that tasks start (bash operators, console scripts) are found in the app's own environment first.
  PATH: "{{dir:package}}/bin:/usr/local/bin:/usr/bin:/bin",
  PYTHONUNBUFFERED: "1",
  PYTHONNOUSERSITE: "1",
} as const;

/** An HTTP probe of a named port. */
export function httpProbe(port: string, path: string, timing: Partial<Probe> = {}): Probe {
  return {
    kind: "http",
    port,
    path,
    periodSeconds: 10,
    timeoutSeconds: 5,
    startupGraceSeconds: 300,
    failureThreshold: 3,
    ...timing,
  };
}

/** What a deployment's bootstrap job is told: the first administrator, whose password is generated per deployment. */
export const deployMode = {
  mode: "deploy",
  admin: {
    username: ADMIN_USER,
    first_name: "Onvera",
    last_name: "Admin",
    email: "admin@localhost.localdomain",
    password_file: "{{secret-file:admin_password}}",
  },
} as const;

const SIGN_IN_FILE = "sign-in.json";

/** What an app needs to sign members in through Onvera: a file, where it is, and the client's secret. Nothing without an address. */
export function signInParts(
  app: AppType,
  { deploymentId }: DeploymentIdentity,
  { signIn }: Surroundings,
): { files: WorkloadFile[]; env: Record<string, string>; secrets: string[] } {
  if (signIn === undefined) return { files: [], env: {}, secrets: [] };
  const facts = {
    issuer: signIn.issuer,
    internal: signIn.internal,
    client_id: deploymentId,
    client_secret_file: `{{secret-file:${CLIENT_SECRET}}}`,
    redirect_uri: redirectUri(app, "{{url:public}}"),
    scope: SIGN_IN_SCOPE,
    roles: managedAppRoles(app),
    mark: ONVERA_MARK,
  };
  return {
    files: [{ path: SIGN_IN_FILE, content: `${JSON.stringify(facts)}\n`, executable: false }],
    env: { ONVERA_SIGN_IN: `{{dir:config}}/${SIGN_IN_FILE}` },
    secrets: [CLIENT_SECRET],
  };
}
