/** What a worker leaves behind, for a test that plays it. */

/** The receipt of a destroy that has been looked up. */
export const receiptOf = (deploymentId: string) => [
  {
    urn: `urn:pulumi:${deploymentId}::onvera::postgresql:index:Database::database`,
    type: "postgresql:index:Database",
    physical_id: `db_${deploymentId.slice(-8)}`,
    found: "absent" as const,
    looked_up_by: "name",
    detail: "not in the catalog",
  },
];
