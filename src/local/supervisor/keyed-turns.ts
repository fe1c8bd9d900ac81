/** Work on the same thing comes one after the other; work on different things does not wait. */
export class KeyedTurns {
  readonly #turns = new Map<string, Promise<unknown>>();

  /** Runs `act` when all earlier work under the key has ended, well or not. */
  run<T>(key: string, act: () => T | Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve();
    const turn = before.then(act, act);
    const settled = turn.catch(() => {});
    this.#turns.set(key, settled);
    void settled.then(() => {
      if (this.#turns.get(key) === settled) this.#turns.delete(key);
    });
    return turn;
  }
}
