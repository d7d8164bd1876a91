/**
 * Room for what lives at different times.
 * The one idea: only the bounds of gaps are kept. What is taken and what ends turns a stretch over, from gap to taken or back, and
 * then its two ends are bounds just where they were none before. Must not import anything.
 */

/** An arena that grows as it must. */
export class Arena {
  /** Where gaps begin and end, by turns, in order; the last one has no end. */
  readonly #bounds = [0, Infinity];

  /** Where so many bytes fit first. */
  take(bytes: number): number {
    const start = this.#bounds.find((bound, i) => i % 2 === 0 && this.#bounds[i + 1]! - bound >= bytes)!;
    this.give(start, bytes);
    return start;
  }

  /** Gives back what was taken. */
  give(start: number, bytes: number): void {
    for (const bound of [start, start + bytes]) {
      const at = this.#bounds.findIndex((other) => other >= bound);
      if (this.#bounds[at] === bound) this.#bounds.splice(at, 1);
      else this.#bounds.splice(at, 0, bound);
    }
  }
}
