/**
 * Room for what lives at different times.
 * The one idea: gaps are kept, which are few, not what lies between them; what ends gives its room to the gaps beside it.
 * Must not import anything.
 */

/** An arena that grows as it must. */
export class Arena {
  /** By place; the last one has no end. */
  readonly #gaps = [{ start: 0, end: Infinity }];

  /** Where so many bytes fit first. */
  take(bytes: number): number {
    const at = this.#gaps.findIndex(({ start, end }) => end - start >= bytes);
    const gap = this.#gaps[at]!;
    const { start } = gap;
    gap.start += bytes;
    if (gap.start === gap.end) this.#gaps.splice(at, 1);
    return start;
  }

  /** Gives back what was taken. */
  give(start: number, bytes: number): void {
    if (bytes === 0) return;
    const gap = { start, end: start + bytes };
    let at = this.#gaps.findIndex((after) => after.start >= gap.end);
    let joined = 0;
    if (this.#gaps[at]!.start === gap.end) gap.end = this.#gaps[at + joined++]!.end;
    if (this.#gaps[at - 1]?.end === start) {
      gap.start = this.#gaps[--at]!.start;
      joined++;
    }
    this.#gaps.splice(at, joined, gap);
  }
}
