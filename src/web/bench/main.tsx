import { mountPage } from '../mountPage.ts';
import { BenchApp } from './benchApp.tsx';
import { BenchSession } from './benchSession.ts';
import { KeptKernels } from './editor/keptKernels.ts';
import { RunLibrary } from './runLibrary.ts';

const session = new BenchSession();
mountPage(
  <BenchApp session={session} library={new RunLibrary()} kept={new KeptKernels()} />,
  (edit) => void session.kernelEdited(edit),
);
void session.findAdapter();
