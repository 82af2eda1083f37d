/** A WGSL scalar type that a knob or a member of `Params` may have. */
export type ScalarType = 'u32' | 'i32' | 'f32';

/** Everything that the host must know of a kernel to bind buffers by name and to pack its parameter struct. */
export interface KernelInterface {
  /** Family and kernel: `matmul/matmulNT`. */
  readonly name: string;
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

/**
 * A kernel as the build makes it of a `.wgsl` file and of what that imports: its interface at once, its text when it is first
 * compiled, so that a page loads the text of what it runs. Made by `src/build/wgslPlugin.ts`, never written by hand.
 */
export interface KernelSource extends KernelInterface {
  /** A hash of the text: another where the kernel is another. */
  readonly version: string;
  /** Of a kernel that was not written for Basin (`ops.kernel`): all its bindings must be given. */
  readonly ofUser?: {
    /** It finds its workgroup from both indices of the grid, so that a long row may be folded. */
    readonly folds: boolean;
  };
  /** The WGSL with the knobs' defaults; kernels of one family come together. */
  code(): Promise<string>;
}

/** A kernel for reading, its comments included. */
export interface KernelText extends KernelInterface {
  /** Path of its file below `shaders/`, without the extension: another than the name where a file has several kernels. */
  readonly file: string;
  /** What the file's `@if`s are linked with. */
  readonly conditions: readonly string[];
  /** The file's text. */
  readonly written: string;
  /** WGSL: the file with what it imports, and without what belongs to its other kernels. */
  readonly linked: string;
}
