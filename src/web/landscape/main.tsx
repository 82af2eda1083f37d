import { mountPage } from '../mountPage.ts';
import { LandscapeApp } from './landscapeApp.tsx';
import { LandscapeSession } from './landscapeSession.ts';

const session = new LandscapeSession();
mountPage(<LandscapeApp session={session} />);
void session.findAdapter();
