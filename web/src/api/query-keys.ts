/** Under which key each answer is kept: the one place that knows what a change makes stale. */
export const keys = {
  whoami: ["whoami"],
  apps: ["apps"],
  deployments: ["deployments"],
  deployment: (id: string) => ["deployment", id],
  deploymentPart: (id: string, part: string) => ["deployment", id, part],
  operations: ["operations"],
  operation: (id: string) => ["operation", id],
  /** The newest operation heard of for each resource, by resource id. */
  liveOperations: ["live operations"],
  operationEvents: (id: string) => ["operation events", id],
  environments: ["environments"],
  clusters: ["clusters"],
  workers: ["workers"],
  apiKeys: ["api keys"],
  audit: ["audit"],
  members: ["members"],
  invitations: ["invitations"],
} as const;
