// Where the browser keeps conversations: IndexedDB, which holds far more than localStorage and survives reload and
// restart. Where it is refused (some private windows), a Map: the page works, and says that nothing will be kept.

const DATABASE = "twinstream";
const STORE = "conversations";

// Resolves to {put, get, remove, all, isDurable}; every method is asynchronous.
export async function openStore(factory = globalThis.indexedDB) {
  try {
    return durable(await opened(factory));
  } catch {
    return inMemory();
  }
}

function opened(factory) {
  const request = factory.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
  return finished(request);
}

function durable(database) {
  database.onversionchange = () => database.close(); // another tab has a newer page
  const run = async (mode, ask) => {
    const transaction = database.transaction(STORE, mode);
    const request = ask(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
    });
  };
  return {
    isDurable: true,
    put: (record) => run("readwrite", (store) => store.put(record)),
    get: (id) => run("readonly", (store) => store.get(id)),
    remove: (id) => run("readwrite", (store) => store.delete(id)),
    all: () => run("readonly", (store) => store.getAll()),
  };
}

function finished(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error ?? new Error("the browser's storage is blocked"));
  });
}

function inMemory() {
  const records = new Map();
  return {
    isDurable: false,
    put: async (record) => void records.set(record.id, structuredClone(record)),
    get: async (id) => structuredClone(records.get(id)),
    remove: async (id) => void records.delete(id),
    all: async () => structuredClone([...records.values()]),
  };
}
