/**
 * Any value as a few words, for messages.
 * The one idea: a tensor is told by its type, so that what stands under tensors can speak of them. Must not import tensors.
 */
import { Printable } from './format.ts';
import type { TensorType } from './type.ts';
import { formatType } from './type.ts';

/** Any value, short enough for a message. */
export function describe(value: unknown): string {
  if (value instanceof Printable && 'type' in value) return `a tensor ${formatType(value.type as TensorType)}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) {
    const text = value
      .slice(0, 6)
      .map((v) => (Array.isArray(v) ? '[…]' : describe(v)))
      .join(', ');
    return `[${text}${value.length > 6 ? ', …' : ''}]`;
  }
  const { name } = value.constructor ?? Object;
  if (name !== 'Object') return name ? `a ${name}` : 'an object';
  const keys = Object.keys(value).slice(0, 4);
  return `an object {${keys.map((key) => ` ${key}`).join()} }`;
}
