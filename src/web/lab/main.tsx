import 'uplot/dist/uPlot.min.css';
import { mountPage } from '../mountPage.ts';
import { LabApp } from './labApp.tsx';
import { LabSession } from './labSession.ts';

const session = new LabSession();
mountPage(<LabApp session={session} />);
void session.findAdapter();
