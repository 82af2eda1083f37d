import { z } from 'zod';

/** A run's kernels (KernelRecord) as a description gives them. */
export const kernelRecordSchema = z.record(z.string(), z.record(z.string(), z.string()));
