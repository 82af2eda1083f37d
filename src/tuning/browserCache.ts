import { EMPTY_TABLE, parseTable, type TunedTable } from './tunedTable.ts';

const STORE = 'tables';
const KEY = 'kernels';

/** What was measured in this browser. Kept in IndexedDB, which workers have as well as pages; nothing where it fails. */
export async function readBrowserCache(): Promise<TunedTable> {
  try {
    const stored = await inStore('readonly', (store) => store.get(KEY));
    return stored === undefined ? EMPTY_TABLE : parseTable(stored);
  } catch (error) {
    // Private windows may refuse, and another version may have left another form.
    console.warn(`the kernel cache is ignored: ${(error as Error).message}`);
    return EMPTY_TABLE;
  }
}

/** @throws a DOMException where the browser keeps nothing. */
export async function writeBrowserCache(table: TunedTable): Promise<void> {
  await inStore('readwrite', (store) => store.put(table, KEY));
}

async function inStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const open = indexedDB.open('basin', 1);
  open.onupgradeneeded = () => open.result.createObjectStore(STORE);
  const database = await settled(open);
  try {
    return await settled(act(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
