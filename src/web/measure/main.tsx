import { mountPage } from '../mountPage.ts';
import { MeasureApp } from './measureApp.tsx';
import { MeasureSession } from './measureSession.ts';

const session = new MeasureSession();
mountPage(<MeasureApp session={session} />);
void session.findAdapter();
