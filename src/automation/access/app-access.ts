/** One app of one deployment as access sync sees it: its people, by its own HTTP API and as its own administrator. */
import type { AppPerson, WantedPerson } from "../../domain/access-plan.ts";

/** Every method rejects with an AppAccessError, or with the reason of the signal it was made with. */
export interface AppAccess {
  /** Everybody there whom Onvera put there, the deactivated too. Somebody made inside the app is not among them. */
  people(): Promise<readonly AppPerson[]>;
  /** Makes the person, or brings them up to date: name, role, may sign in. Roles that somebody gave inside the app stay. */
  put(person: WantedPerson): Promise<void>;
  /** Ends what the person may do there, their open sessions and tokens included. Fine where they are gone already. */
  remove(person: Pick<AppPerson, "username">): Promise<void>;
}

/** Where an app listens, and who asks it. */
export interface AppDoor {
  /** Without a slash at the end. */
  url: string;
  /** Where to connect when the name in the URL leads nowhere. */
  connectTo?: { host: string; port: number };
  /** Certificates to trust beside the public authorities', PEM. */
  authorities?: readonly string[];
  username: string;
  password: string;
  signal: AbortSignal;
}

/**
 * `unreachable`: nothing listens, or it did not answer in time; `busy`: it answers that it cannot now; `login`: it does
 * not take the administrator's password; `refused`: it answers, and will not do this for this person.
 */
export type AppAccessFault = "unreachable" | "busy" | "login" | "refused";

/** What an app did not do, in words that hold nothing secret. */
export class AppAccessError extends Error {
  override readonly name = "AppAccessError";
  readonly fault: AppAccessFault;

  constructor(fault: AppAccessFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }

  /** Whether the app itself is the trouble, so that asking for the next person now is in vain. */
  get concernsAll(): boolean {
    return this.fault !== "refused";
  }
}
