import type { Gpu } from '../../gpu/device.ts';
import { orLost } from '../../gpu/orLost.ts';
import type { EditProblem } from './kernelEditReport.ts';

/** What the device's compiler says of a text, each at its place. @throws DeviceLostError */
export async function compileProblems(gpu: Gpu, code: string): Promise<EditProblem[]> {
  const { device } = gpu;
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: 'edited kernel', code });
  const refused = device.popErrorScope();
  const { messages } = await orLost(gpu, module.getCompilationInfo());
  const error = await orLost(gpu, refused);
  const problems = messages.map(
    ({ type, lineNum, linePos, length, message }): EditProblem => ({
      kind: type,
      line: lineNum,
      column: linePos,
      length,
      message,
    }),
  );
  if (error && !problems.some(({ kind }) => kind === 'error')) {
    problems.push({ kind: 'error', line: 0, column: 0, length: 0, message: error.message });
  }
  return problems;
}
