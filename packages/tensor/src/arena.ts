/**
 * Room for what lives at different times.
 * The one idea: gaps are kept, not what lies between them; what ends gives its room to the gaps beside it. Must not import
 * anything.
 */

interface Gap {
  start: number;
  end: number;
}

/** An arena that grows as it must. */
export class Arena {
  /** By place; the last one has no end. */
  readonly #gaps: Gap[] = [{ start: 0, end: Infinity }];

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
    const end = start + bytes;
    let [at, above] = [0, this.#gaps.length];
    while (at < above) {
      const middle = (at + above) >> 1;
      if (this.#gaps[middle]!.start < end) at = middle + 1;
      else above = middle;
    }
    const [before, after] = [this.#gaps[at - 1], this.#gaps[at]!];
    if (before?.end === start) before.end = after.start === end ? after.end : end;
    else if (after.start === end) after.start = start;
    else this.#gaps.splice(at, 0, { start, end });
    if (before?.end === after.end) this.#gaps.splice(at, 1);
  }
}
