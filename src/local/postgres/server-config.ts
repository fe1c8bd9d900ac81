/** The server's configuration, rendered whole at every start. */

export interface ServerSettings {
  port: number;
  socketFolder: string;
  hostAccessFile: string;
  /** Absent: no log of its own, what it says goes to its standard error. */
  logFolder?: string;
  maxConnections: number;
  /** Off only for servers whose data nobody wants back: a power cut loses them. */
  durable: boolean;
}

/** Renders postgresql.conf. */
export function serverConfig(settings: ServerSettings): string {
  const { port, socketFolder, hostAccessFile, logFolder, maxConnections, durable } = settings;
  const values: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: socketFolder,
    hba_file: hostAccessFile,
    cluster_name: "onvera",
    password_encryption: "scram-sha-256",
    max_connections: maxConnections,
    superuser_reserved_connections: 5,
    shared_buffers: "64MB",
    max_wal_size: "512MB",
    // Backups need it, and it cannot be raised later without a restart.
    wal_level: "replica",
    fsync: durable ? "on" : "off",
    synchronous_commit: durable ? "on" : "off",
    full_page_writes: durable ? "on" : "off",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "%m [%p] %q%u@%d ",
    log_min_messages: "warning",
    // A refused CREATE ROLE would otherwise put its password into the log.
    log_min_error_statement: "panic",
    ...(logFolder === undefined
      ? {}
      : {
          logging_collector: "on",
          log_directory: logFolder,
          // One file per weekday, overwritten a week later: the log never grows past seven files.
          log_filename: "postgresql-%a.log",
          log_file_mode: "0600",
          log_rotation_age: "1d",
          log_rotation_size: 0,
          log_truncate_on_rotation: "on",
        }),
  };
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${typeof value === "number" ? value : quoted(value)}\n`)
    .join("");
}

/** Renders pg_hba.conf: passwords everywhere, this machine only. */
export function hostAccess(): string {
  return [
    "local all all scram-sha-256",
    "host all all 127.0.0.1/32 scram-sha-256",
    "local replication all scram-sha-256",
    "host replication all 127.0.0.1/32 scram-sha-256",
    "",
  ].join("\n");
}

const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;
