import { mountPage } from '../mountPage.ts';
import { RunsApp } from './runsApp.tsx';
import { RunsSession } from './runsSession.ts';

const session = new RunsSession();
mountPage(<RunsApp session={session} />);
void session.open();
