/** Nests of tensors as nests of numbers, to be compared whole. */

/** The numbers of each tensor of a nest, in the same structure; null stays null. */
export function values(nest: unknown): unknown {
  if (nest === null || typeof nest !== 'object') return nest;
  if (Array.isArray(nest)) return nest.map(values);
  if ('arraySync' in nest) return (nest as { arraySync(): unknown }).arraySync();
  return Object.fromEntries(Object.entries(nest).map(([key, value]) => [key, values(value)]));
}
