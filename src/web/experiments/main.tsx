import { mountPage } from '../mountPage.ts';
import { ExperimentSession } from './experimentSession.ts';
import { ExperimentsApp } from './experimentsApp.tsx';

const session = new ExperimentSession();
mountPage(<ExperimentsApp session={session} />);
void session.findAdapter();
