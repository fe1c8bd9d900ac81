/** What `small`, `medium` and `large` mean, in one table. Admission and the database's max_connections derive from it. */

export const sizeNames = ["small", "medium", "large"] as const;
export type SizeName = (typeof sizeNames)[number];

export interface Size {
  /** Cores the whole deployment may use. */
  cpu: number;
  /** Memory of the whole deployment, megabytes. */
  memoryMegabytes: number;
  /** Worker processes of the web server. */
  webWorkers: number;
  /** Threads of each web worker. */
  webThreads: number;
  /** Tasks Airflow runs at the same time. */
  taskParallelism: number;
  /** Connections each app process keeps in its pool. */
  poolSize: number;
  /** CONNECTION LIMIT of the deployment's login role. */
  connectionLimit: number;
  /** Volume of the app's own files, gigabytes. */
  dataGigabytes: number;
  /** Volume of the log files the app writes itself, gigabytes. */
  logsGigabytes: number;
}

export const sizes: Record<SizeName, Size> = {
  small: {
    cpu: 1,
    memoryMegabytes: 2048,
    webWorkers: 1,
    webThreads: 8,
    taskParallelism: 4,
    poolSize: 3,
    connectionLimit: 40,
    dataGigabytes: 5,
    logsGigabytes: 5,
  },
  medium: {
    cpu: 2,
    memoryMegabytes: 4096,
    webWorkers: 2,
    webThreads: 12,
    taskParallelism: 8,
    poolSize: 5,
    connectionLimit: 80,
    dataGigabytes: 10,
    logsGigabytes: 10,
  },
  large: {
    cpu: 4,
    memoryMegabytes: 8192,
    webWorkers: 4,
    webThreads: 16,
    taskParallelism: 16,
    poolSize: 8,
    connectionLimit: 160,
    dataGigabytes: 20,
    logsGigabytes: 20,
  },
};

/** Short names for what app modules ask most. */
const aliases: Record<string, keyof Size> = {
  workers: "webWorkers",
  threads: "webThreads",
  parallelism: "taskParallelism",
  pool: "poolSize",
};

/** Every word a `{{size:…}}` reference may use. */
export const sizeWords: ReadonlySet<string> = new Set([...Object.keys(sizes.small), ...Object.keys(aliases)]);

/** The figure a `{{size:…}}` reference stands for; undefined when size or word are not known. */
export function sizeFigure(size: string, word: string): number | undefined {
  const figures: Record<string, number> = Object.hasOwn(sizes, size) ? { ...sizes[size as SizeName] } : {};
  return figures[aliases[word] ?? word];
}
