/** A resource the engine could not bring about. */

/** What the engine said went wrong with one resource, in the order it was said. */
export interface ResourceFailure {
  urn: string;
  type: string;
  message: string;
}
