/* Numbers for people: short, and in columns. */

/** Four decimals; a dot for what they would show as zero. */
export const fixed = (value: number): string => (Math.abs(value) < 5e-5 ? '·' : value.toFixed(4));

/** A matrix, row-major, with names for its columns and rows. */
export function printMatrix(columns: string, rows: string, data: ArrayLike<number>): void {
  const names = columns.split(' ');
  const sides = rows.split(' ');
  const margin = Math.max(...sides.map((name) => name.length));
  const cells = (texts: readonly string[]): string => texts.map((text) => text.padStart(9)).join('');
  console.log(' '.repeat(margin) + cells(names));
  for (const [i, side] of sides.entries()) {
    const row = names.map((_, j) => fixed(data[i * names.length + j]!));
    console.log(side.padEnd(margin) + cells(row));
  }
}
