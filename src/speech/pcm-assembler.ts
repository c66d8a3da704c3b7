const BYTES_PER_SAMPLE = 2;

/** Makes samples of signed 16-bit little-endian bytes that come in chunks of any length; cuts a header off. */
export class PcmAssembler {
  #skip: number;
  #half: number | undefined;

  constructor(headerBytes = 0) {
    this.#skip = headerBytes;
  }

  /** The receiver owns the array. */
  push(chunk: Uint8Array): Int16Array {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    let bytes = chunk.subarray(skipped);
    if (this.#half !== undefined && bytes.length > 0) {
      bytes = join(this.#half, bytes);
      this.#half = undefined;
    }
    if (bytes.length % BYTES_PER_SAMPLE === 1) this.#half = bytes[bytes.length - 1];
    const count = bytes.length >> 1;
    // Every machine that Node runs on is little-endian.
    const samples = new Int16Array(count);
    new Uint8Array(samples.buffer).set(bytes.subarray(0, count * BYTES_PER_SAMPLE));
    return samples;
  }
}

function join(first: number, rest: Uint8Array): Uint8Array {
  const joined = new Uint8Array(rest.length + 1);
  joined[0] = first;
  joined.set(rest, 1);
  return joined;
}
