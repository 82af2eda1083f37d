import 'uplot/dist/uPlot.min.css';
import { mountPage } from '../mountPage.ts';
import { openRunStore } from '../runs/openRunStore.ts';
import { LabApp } from './labApp.tsx';
import { LabSession } from './labSession.ts';

const session = new LabSession();
const store = openRunStore().then(({ store, problem }) => {
  session.keepIn(store, problem);
  return store;
});
mountPage(<LabApp session={session} store={store} />);
void session.findAdapter();
