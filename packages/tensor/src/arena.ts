/**
 * Room for what lives at different times.
 * The one idea: gaps are kept, which are few, not what lies between them; what ends gives its room to the gaps beside it.
 * Must not import anything.
 */

/** An arena that grows as it must. */
export class Arena {
  /** By place; the last one has no end. */
  #gaps = [{ start: 0, end: Infinity }];

  /** Where so many bytes fit first. */
  take(bytes: number): number {
    const gap = this.#gaps.find(({ start, end }) => end - start >= bytes)!;
    gap.start += bytes;
    return gap.start - bytes;
  }

  /** Gives back what was taken. */
  give(start: number, bytes: number): void {
    const all = [...this.#gaps, { start, end: start + bytes }].filter((gap) => gap.start < gap.end);
    this.#gaps = [];
    for (const gap of all.sort((a, b) => a.start - b.start)) {
      const last = this.#gaps.at(-1);
      if (last?.end === gap.start) last.end = gap.end;
      else this.#gaps.push(gap);
    }
  }
}
