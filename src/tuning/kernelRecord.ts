import { z } from 'zod';

/** The choices of a run: variant by the exact shape, by family. */
export const kernelRecordSchema = z.record(z.string(), z.record(z.string(), z.string()));
export type KernelRecord = z.output<typeof kernelRecordSchema>;
