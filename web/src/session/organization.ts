/** The organization this browser last chose; the service's own choice where there is none. */
const KEY = "onvera.organization";

export const chosenOrganization = (): string | null => localStorage.getItem(KEY);

/** Remembers the choice; everything on screen belongs to the other organization, so the page starts anew. */
export function chooseOrganization(id: string): void {
  localStorage.setItem(KEY, id);
  location.assign("/");
}

export const forgetOrganization = (): void => localStorage.removeItem(KEY);
