import { z } from 'zod';
import { parseKernelsReport } from '../../bench/compareKernels.ts';
import type { KernelsReport } from '../../bench/kernelsReport.ts';
import { InputError } from '../../host/inputError.ts';

const triple = z.tuple([z.number(), z.number(), z.number()]);
const axis = z.object({ knob: z.string(), values: z.array(z.number()) });

/** What is drawn of a report beyond what a comparison needs. */
const drawn = z.object({
  commit: z.string().nullable(),
  rows: z.array(
    z.object({
      ladder: z.object({ name: z.string(), number: z.number(), title: z.string() }).nullable(),
      dispatches: z.array(
        z.object({
          knobs: z.record(z.string(), z.union([z.number(), z.boolean()])),
          grid: triple,
          workgroupSize: triple,
          workgroupBytes: z.number(),
          accumulators: z.number(),
        }),
      ),
      error: z.number().nullable(),
      tolerance: z.number(),
      compile: z.number().nullable(),
      repeats: z.number(),
      roofline: z.object({ share: z.number(), bound: z.enum(['memory', 'compute']) }).nullable(),
    }),
  ),
  ladders: z.array(
    z.object({
      about: z.string(),
      rungs: z.array(z.object({ title: z.string(), kernel: z.string(), why: z.string() })),
    }),
  ),
  heatMap: z
    .object({
      shape: z.string(),
      kernel: z.string(),
      rows: axis,
      columns: axis,
      cells: z.array(
        z.object({
          row: z.number(),
          column: z.number(),
          gflops: z.number().nullable(),
          failed: z.string().nullable(),
        }),
      ),
    })
    .nullable(),
});

/**
 * Reads a report that is to be drawn.
 * @param file its name, for what is said of it
 * @throws InputError that names the first field that is not as expected
 */
export function readReport(text: string, file: string): KernelsReport {
  const report = parseKernelsReport(text, file);
  const { error } = drawn.safeParse(report);
  const issue = error?.issues[0];
  if (issue) throw new InputError(file, issue.path.join('.'), issue.message);
  return report;
}
