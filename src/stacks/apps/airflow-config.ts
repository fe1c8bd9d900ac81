/** airflow.cfg: everything the platform decides about an Airflow. It holds no secret, only where to read them. */
import { AIRFLOW_USER_MEMORY_SECONDS } from "../../domain/app-roles.ts";
import type { GitSource } from "../../domain/deployment-spec.ts";
import type { Size } from "../../domain/sizes.ts";
import { packaged } from "./app-module.ts";

/** Folder below {{dir:data}} that holds the DAGs, put there by hand or by git. */
export const dagsBelow = "dags";

/** Connections a pool may open beyond its size for a moment. */
const overflow = 4;

/** The most connections an Airflow of this size opens, its probes and jobs apart. */
export function mostConnections({ poolSize, webWorkers }: Size): number {
  const background = 3;
  // Each worker of the API server has a second, asynchronous pool.
  return (background + 2 * webWorkers) * (poolSize + overflow);
}

export type Section = Record<string, string | number | boolean>;

/**
 * The text of airflow.cfg.
 * @param version the Airflow version, since an option may come or go with one
 * @param dags where the DAGs come from; undefined when they are put into the folder by hand
 * @param executor how Airflow calls where tasks run, and what it has to know for that
 */
export function airflowConfig(
  version: string,
  size: Size,
  dags: GitSource | undefined,
  executor: { name: string; sections: Record<string, Section> },
): string {
  const sections: Record<string, Section> = {
    core: {
      executor: executor.name,
      auth_manager: "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
      dags_folder: dagsFolder(dags),
      plugins_folder: "{{dir:data}}/plugins",
      load_examples: false,
      parallelism: size.taskParallelism,
      execution_api_server_url: "http://{{host:api-server}}:{{port:web}}/execution/",
      // The default asks the resolver for this machine's full name, which can hang where there is no DNS.
      hostname_callable: "socket.gethostname",
      fernet_key_cmd: "cat {{secret-file:fernet_key}}",
    },
    database: {
      // The command form carries any character of a password; a value here would be read with %-interpolation.
      sql_alchemy_conn_cmd: "sed s,^postgres[a-z]*:,postgresql+psycopg2:, {{secret-file:database_url}}",
      sql_alchemy_pool_size: size.poolSize,
      sql_alchemy_max_overflow: overflow,
      load_default_connections: false,
    },
    api: {
      base_url: "{{url:public}}",
      host: "{{address:listen}}",
      // With several workers, one import and a fork for each; alone, one process less.
      server_type: size.webWorkers > 1 ? "gunicorn" : "uvicorn",
      secret_key_cmd: "cat {{secret-file:api_secret_key}}",
      expose_config: false,
    },
    api_auth: {
      jwt_secret_cmd: "cat {{secret-file:jwt_secret}}",
      // Fits a key of 32 bytes; the default algorithm asks for 64 and warns at every token.
      jwt_algorithm: "HS256",
      jwt_issuer: "{{url:public}}",
    },
    fab: {
      enable_proxy_fix: true,
      config_file: packaged("webserver_config.py"),
      // The bootstrap job has synced roles and permissions for this version; each start would do it again.
      update_fab_perms: false,
      // A removed member's token is refused when this has passed; the requests of one page share one look-up.
      cache_ttl: AIRFLOW_USER_MEMORY_SECONDS,
    },
    logging: {
      base_log_folder: "{{dir:logs}}",
      dag_processor_child_process_log_directory: "{{dir:logs}}/dag_processor",
      colored_console_log: false,
      // One line per request, the platform's own probes included; the gateway counts requests.
      namespace_levels: "http.access=WARNING",
    },
    // The defaults (5 s, five times) are less than a busy machine needs to build what answers the first task.
    workers: { execution_api_timeout: 60, execution_api_retries: 8 },
    scheduler: { enable_health_check: false, use_job_schedule: true },
    dag_processor: {
      // How soon a new DAG file is seen; the default is five minutes.
      refresh_interval: 15,
      parsing_processes: Math.min(size.taskParallelism, 2),
      print_stats_interval: 300,
    },
    usage_data_collection: { enabled: false },
    ...executor.sections,
  };
  const head = `# Airflow ${version}, written by the platform; changes here are overwritten.\n`;
  return `${head}${Object.entries(sections).map(sectionText).join("\n")}`;
}

function dagsFolder(dags: GitSource | undefined): string {
  const below = dags?.subdirectory ?? "";
  return below === "" ? `{{dir:data}}/${dagsBelow}` : `{{dir:data}}/${dagsBelow}/${below}`;
}

function sectionText([name, options]: [string, Section]): string {
  const lines = Object.entries(options).map(([key, value]) => `${key} = ${pythonText(value)}`);
  return `[${name}]\n${lines.join("\n")}\n`;
}

const pythonText = (value: string | number | boolean): string =>
  typeof value === "boolean" ? (value ? "True" : "False") : String(value);
