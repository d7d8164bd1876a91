/**
 * Loop kernels as one nest of axes.
 * The one idea: each access has a stride for every axis, 0 where it does not have it, so that an axis is split in one place
 * for all of them. Must not import passes.
 */
import type { Access, ContractKernel, Kernel, MapKernel, ReduceKernel } from '@jacobi/backend';
import { collapse } from '@jacobi/backend';

/** An axis: its size, and which of the kernel's groups it belongs to. */
interface Axis {
  readonly size: number;
  readonly group: number;
}

/** A kernel over axes. */
export interface Nest {
  readonly kernel: MapKernel | ReduceKernel | ContractKernel;
  readonly axes: readonly Axis[];
  readonly accesses: readonly Access[];
}

/** The groups of axes that a kernel has, and for each access those that it runs over. */
function groupsOf(kernel: Nest['kernel']): readonly [sizes: readonly (readonly number[])[], over: readonly number[][]] {
  switch (kernel.kind) {
    case 'map':
      return [[kernel.shape], [[0], ...kernel.inputs.map(() => [0])]];
    case 'reduce':
      return [
        [kernel.kept, kernel.reduced],
        [[0], [0, 1]],
      ];
    case 'contract': {
      const { batch, m, n, k } = kernel;
      return [
        [batch, m, n, k],
        [
          [0, 1, 2],
          [0, 1, 3],
          [0, 2, 3],
        ],
      ];
    }
    default:
      return kernel satisfies never;
  }
}

/** Undefined for kernels of other kinds. The output's access is the first. */
export function nestOf(kernel: Kernel): Nest | undefined {
  if (kernel.kind !== 'map' && kernel.kind !== 'contract' && kernel.kind !== 'reduce') return undefined;
  if ('prologue' in kernel || 'epilogue' in kernel) return undefined;
  const [sizes, over] = groupsOf(kernel);
  const axes = sizes.flatMap((group, g) => group.map((size): Axis => ({ size, group: g })));
  const accesses = accessesOf(kernel).map((access, a): Access => {
    let at = 0;
    const strides = axes.map(({ group }) => (over[a]!.includes(group) ? access.strides[at++]! : 0));
    return { ...access, strides };
  });
  return { kernel, axes, accesses };
}

function accessesOf(kernel: Nest['kernel']): readonly Access[] {
  if (kernel.kind === 'map') return [kernel.output, ...kernel.inputs];
  return kernel.kind === 'reduce' ? [kernel.output, kernel.input] : [kernel.output, kernel.left, kernel.right];
}

/** The kernel that a nest is. */
export function kernelOf({ kernel, axes, accesses }: Nest): Nest['kernel'] {
  const [, over] = groupsOf(kernel);
  const own = accesses.map((access, a): Access => {
    return { ...access, strides: access.strides.filter((_, i) => over[a]!.includes(axes[i]!.group)) };
  });
  const sizes = (g: number): number[] => axes.flatMap(({ size, group }) => (group === g ? [size] : []));
  const [output, first, second] = own as [Access, Access, Access];
  switch (kernel.kind) {
    case 'map':
      return { ...kernel, shape: sizes(0), output, inputs: own.slice(1) };
    case 'reduce':
      return { ...kernel, kept: sizes(0), reduced: sizes(1), output, input: first };
    case 'contract':
      return { ...kernel, batch: sizes(0), m: sizes(1), n: sizes(2), k: sizes(3), output, left: first, right: second };
    default:
      return kernel satisfies never;
  }
}

/** The nest with one axis as two, the inner of a given size, which divides the axis's. */
export function splitAxis(nest: Nest, axis: number, inner: number): Nest {
  const put = <T>(list: readonly T[], outer: (value: T) => T, last: (value: T) => T): T[] =>
    list.flatMap((value, i) => (i === axis ? [outer(value), last(value)] : [value]));
  return {
    kernel: nest.kernel,
    axes: put(
      nest.axes,
      (a) => ({ ...a, size: a.size / inner }),
      (a) => ({ ...a, size: inner }),
    ),
    accesses: nest.accesses.map((access) => ({
      ...access,
      strides: put(
        access.strides,
        (s) => s * inner,
        (s) => s,
      ),
    })),
  };
}

/** The nest with neighbours of one group as one axis, where every access steps evenly through them; no axes of size 1. */
export function mergeAxes({ kernel, axes, accesses }: Nest): Nest {
  const merged = [...new Set(axes.map(({ group }) => group))].flatMap((group) => {
    const own = <T>(list: readonly T[]): T[] => list.filter((_, i) => axes[i]!.group === group);
    const sizes = own(axes).map(({ size }) => size);
    const strides = accesses.map((access) => own(access.strides));
    return collapse(sizes, strides).map((axis) => ({ ...axis, group }));
  });
  return {
    kernel,
    axes: merged.map(({ size, group }) => ({ size, group })),
    accesses: accesses.map((access, a) => ({ ...access, strides: merged.map(({ strides }) => strides[a]!) })),
  };
}
