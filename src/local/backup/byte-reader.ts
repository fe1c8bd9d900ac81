/** Takes exactly so many bytes at a time from a stream of pieces of any size. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#pieces = source[Symbol.asyncIterator]();
  }

  /** @returns undefined when the stream ends before; what was left of it is gone then */
  async take(length: number): Promise<Buffer | undefined> {
    if (this.#held.length < length) {
      const pieces = [this.#held];
      let size = this.#held.length;
      while (size < length) {
        const next = await this.#pieces.next();
        if (next.done === true) return undefined;
        pieces.push(next.value);
        size += next.value.length;
      }
      this.#held = Buffer.concat(pieces, size);
    }
    const bytes = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return bytes;
  }
}
