/** The environment of what the supervisor starts: an allow-list, so that nothing of the control plane's own reaches an app. */

/** Taken over from the supervisor's environment when set: facts about the machine, none of them secret. */
const inherited = ["TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"] as const;

export interface EnvironmentRequest {
  /** The app's own variables, rendered; later names of ours win where they clash. */
  variables: Record<string, string>;
  packageFolder: string | null;
  dataFolder: string;
  temporaryFolder: string;
  userName: string;
  mark: string;
}

/** The variable a process is found by again. Its value names deployment, process, replica and start. */
export const MARK_VARIABLE = "ONVERA_MARK";

/** `ONVERA_MARK=<deployment>/<process>/<replica>/<run>`: stands in the environment of a process and its children. */
export function markFor(run: { deploymentId: string; name: string; replica: number; runId: string }): string {
  return `${MARK_VARIABLE}=${run.deploymentId}/${run.name}/${run.replica}/${run.runId}`;
}

/** Builds the environment of one process. */
export function childEnvironment(
  request: EnvironmentRequest,
  own: Record<string, string | undefined> = process.env,
): Record<string, string> {
  const environment: Record<string, string> = {
    LANG: "C.UTF-8",
    PATH: "/usr/local/bin:/usr/bin:/bin",
    // Lines must reach the log when they are written, not when a buffer is full.
    PYTHONUNBUFFERED: "1",
  };
  for (const name of inherited) {
    const value = own[name];
    if (value !== undefined) environment[name] = value;
  }
  if (request.packageFolder !== null) {
    environment.VIRTUAL_ENV = request.packageFolder;
    environment.PATH = `${request.packageFolder}/bin:${environment.PATH}`;
  }
  Object.assign(environment, request.variables);
  return {
    ...environment,
    HOME: request.dataFolder,
    USER: request.userName,
    LOGNAME: request.userName,
    TMPDIR: request.temporaryFolder,
    // Programs that rename themselves would overwrite the mark in their environment.
    SPT_NOENV: "1",
    [MARK_VARIABLE]: request.mark.slice(MARK_VARIABLE.length + 1),
  };
}
