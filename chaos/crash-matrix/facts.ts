/** What the reality reader is asked and answers. Types only: it shares no code with anybody. */

export interface Question {
  /** Connection string of the control plane's database, as its superuser. */
  control: string;
  /** Connection string of the server the resources are made on. */
  server: string;
  /** File with one line around each side effect. */
  ledger: string;
  stack: string;
}

interface Existing {
  name: string;
  /** The same for as long as the thing was not made anew. */
  oid: number;
  connectionLimit: number;
  /** Carries this stack's ownership mark. */
  marked: boolean | null;
}

export interface Facts {
  hasState: boolean;
  /** Resources in Pulumi's state, without stack and providers. */
  state: { urn: string; id: string }[];
  pending: number;
  locks: number;
  operations: { id: string; type: string; status: string; code: string | null; attempt: number; generation: number }[];
  deployment: { applied_revision: number | null; wanted_revision: number; destroyed: boolean } | undefined;
  /** URNs the deployment's resources are shown with. */
  recorded: string[];
  unsettledIntents: number;
  roles: Existing[];
  databases: (Existing & { publicPrivileges: string[] })[];
  /** By URN. */
  lastEffects: Record<string, { point: string; effect: string; generation: number }>;
}
