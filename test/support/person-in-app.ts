/** A person in a real app, seen from outside: what its own administrator sees of them, and whether their old sessions still let them in. */
import type { WebSession } from "./web-session.ts";

export interface SeenInApp {
  roles: string[];
  active: boolean;
}

export interface AppFromOutside {
  /** Undefined for somebody who is not there. */
  person(username: string): Promise<SeenInApp | undefined>;
  /** Makes somebody inside the app, as its administrator does by hand. */
  makeByHand(username: string, role: string): Promise<void>;
  /** Gives a role beside the others, as its administrator does by hand. */
  giveRole(username: string, role: string): Promise<void>;
  /** Signs the person in by the login form and by the API, with a password the administrator gave them. */
  signIn(username: string): Promise<OldSessions>;
}

/** What somebody had open in the app. */
export interface OldSessions {
  cookie: WebSession;
  /** Which of them are let in now. */
  letIn(): Promise<{ cookie: boolean; token: boolean }>;
}

export const PERSONS_PASSWORD = "a quiet harbour at night 7-A";
