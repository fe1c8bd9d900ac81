/** Superset: one web process in front, one bootstrap job before it. */
import { appCatalog, FRONT_PORT } from "../../domain/app-catalog.ts";
import type { SupersetSettings } from "../../domain/deployment-spec.ts";
import { sizes } from "../../domain/sizes.ts";
import type { WorkloadJob, WorkloadProcess } from "../../domain/workload.ts";
import {
  type AppModule,
  deployMode,
  httpProbe,
  PYTHON,
  packaged,
  pythonEnvironment,
  signInParts,
} from "./app-module.ts";
import { customerEnvironment, inertJson, settingsDigest } from "./customer-text.ts";

const SETTINGS_FILE = "superset.json";

/** Seconds a request may take, and the longest a stop waits for running ones. */
const requestSeconds = 120;
const drainSeconds = 25;

/** Turns a spec into Superset's workload. */
export const superset: AppModule = (spec, identity, surroundings) => {
  const settings = allowedSettings(spec.superset);
  const size = sizes[spec.size];
  const signIn = signInParts("superset", identity, surroundings);
  return {
    app: "superset",
    version: spec.version,
    package: { lock: `superset/${spec.version}`, extraRequirements: spec.requirements },
    files: [
      { path: SETTINGS_FILE, content: settingsFile(settings, size.poolSize), executable: false },
      ...signIn.files,
    ],
    env: {
      ...customerEnvironment("superset", spec),
      ...pythonEnvironment,
      SUPERSET_CONFIG_PATH: packaged("superset_config.py"),
      SUPERSET_HOME: "{{dir:data}}",
      ONVERA_SETTINGS: `{{dir:config}}/${SETTINGS_FILE}`,
      ...signIn.env,
    },
    secrets: ["secret_key", "admin_password", "database_url", ...signIn.secrets],
    jobs: [bootstrapJob(spec.version, settings)],
    processes: [web(spec.replicas.web ?? 1, size)],
    frontDoor: { process: "web", port: FRONT_PORT },
    health: appCatalog.superset.health,
  };
};

/** The customer's settings without the keys that are the platform's, as a second wall behind the API. */
function allowedSettings(settings: SupersetSettings | undefined): SupersetSettings {
  const { reservedConfig } = appCatalog.superset;
  return {
    feature_flags: settings?.feature_flags ?? {},
    config: Object.fromEntries(Object.entries(settings?.config ?? {}).filter(([key]) => !reservedConfig.includes(key))),
  };
}

/** What superset_config.py reads. The platform's part holds references; the customer's part is inert. */
function settingsFile(customer: SupersetSettings, poolSize: number): string {
  const platform = {
    public_url: "{{url:public}}",
    data_dir: "{{dir:data}}",
    secret_files: { secret_key: "{{secret-file:secret_key}}", database_url: "{{secret-file:database_url}}" },
    pool_size: poolSize,
    request_seconds: requestSeconds,
  };
  return `{"platform":${JSON.stringify(platform)},"customer":${inertJson(customer)}}\n`;
}

function bootstrapJob(version: string, settings: SupersetSettings): WorkloadJob {
  return {
    name: "bootstrap",
    command: [PYTHON, packaged("bootstrap.py")],
    env: {},
    stdin: JSON.stringify({ platform: deployMode }),
    // Permissions follow the views, and which views there are follows flags and configuration.
    runKey: `${version}:${settingsDigest(settings)}`,
    phase: "bootstrapping_app",
    deadlineSeconds: 1800,
  };
}

function web(replicas: number, size: (typeof sizes)[keyof typeof sizes]): WorkloadProcess {
  return {
    name: "web",
    command: [
      PYTHON,
      "-m",
      "gunicorn",
      "--config",
      packaged("gunicorn_conf.py"),
      "--bind",
      "{{address:listen}}:{{port:web}}",
      "--workers",
      String(size.webWorkers),
      "--threads",
      String(size.webThreads),
      "--timeout",
      String(requestSeconds),
      "--graceful-timeout",
      String(drainSeconds),
      "superset.app:create_app()",
    ],
    env: {},
    replicas,
    scalable: true,
    ports: [{ name: FRONT_PORT }],
    cpu: size.cpu,
    memoryMegabytes: size.memoryMegabytes,
    liveness: httpProbe(FRONT_PORT, appCatalog.superset.health.path, { periodSeconds: 20, timeoutSeconds: 10 }),
    readiness: httpProbe(FRONT_PORT, appCatalog.superset.health.path),
    gracePeriodSeconds: drainSeconds + 5,
  };
}
