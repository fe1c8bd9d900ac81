/** The filters of the overview, as the address carries them. */

export const statuses = ["provisioning", "ready", "destroying", "failed"] as const;
export const appTypes = ["airflow", "superset"] as const;

export interface ListFilters {
  status?: (typeof statuses)[number];
  app?: (typeof appTypes)[number];
  environment?: string;
  /** Part of a name. */
  q?: string;
  destroyed?: boolean;
}

/** Reads an address; what is no filter is dropped. */
export function readListFilters(search: Record<string, unknown>): ListFilters {
  const status = statuses.find((name) => name === search.status);
  const app = appTypes.find((name) => name === search.app);
  return {
    ...(status && { status }),
    ...(app && { app }),
    ...(typeof search.environment === "string" && { environment: search.environment }),
    ...(typeof search.q === "string" && search.q !== "" && { q: search.q }),
    ...(search.destroyed === true && { destroyed: true }),
  };
}
