/** A WGSL scalar type that a knob or a member of `Params` may have. */
export type ScalarType = 'u32' | 'i32' | 'f32';

/**
 * A `.wgsl` file as the build reflects it: its text, and everything that the host must know to bind buffers by
 * name and to pack its parameter struct. Made by `src/build/wgslPlugin.ts`, never written by hand.
 */
export interface KernelSource {
  /** Family and kernel, as the path below `shaders/`: `matmul/matmulNT`. */
  readonly name: string;
  readonly code: string;
  /** The constants of the marked block with their default values, as WGSL literals. */
  readonly knobs: Readonly<Record<string, { readonly type: ScalarType | 'bool'; readonly value: string }>>;
  /** Storage bindings of group 0; the uniform `params` is always binding 0. */
  readonly bindings: readonly {
    readonly name: string;
    readonly binding: number;
    readonly access: 'read' | 'read_write';
    readonly element: string;
  }[];
  readonly params: readonly { readonly name: string; readonly offset: number; readonly type: ScalarType }[];
  /** Size of `Params` in bytes, a multiple of 4. */
  readonly paramsBytes: number;
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroup memory that the default variant takes, in bytes. */
  readonly workgroupBytes: number;
}
