/** Where figures come from: a node's supervisor, or a cluster. */

/** Of one deployment at one moment. */
export interface Figures {
  /** By series; null where one could not be told. */
  values: ReadonlyMap<string, number | null>;
  /** Left out where the source does not know it. */
  health?: { status: string; detail: string };
}

export interface FigureSource {
  /**
   * Looks once at everything there is.
   * @param at the moment the sample is of
   * @returns by deployment id how its figures are read; undefined when another worker keeps them
   * @throws when the source does not answer
   */
  look(at: number): Promise<ReadonlyMap<string, () => Promise<Figures>> | undefined>;
}
