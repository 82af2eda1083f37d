// The site without a network, after its first visit: what a build consists of is kept as one, and served as one, until all pages of it are
// closed and the next build takes its place. The build puts in `FILES`, from the site's root, and `VERSION`, which follows from all of them.

/** Other sites may share the origin. */
const PREFIX = `basin ${self.registration.scope} `;
const CACHE = PREFIX + VERSION;
/** Data sets and the library's reference: kept when they are asked for. */
const LATER = /^(data|docs\/api)\//;

const addressOf = (path) => new URL(path, self.registration.scope).href;
const known = new Set(FILES.map(addressOf));

self.addEventListener('install', (event) => {
  // Past the browser's own cache, which may hold pages of an earlier build.
  const requests = FILES.map((path) => new Request(addressOf(path), { cache: 'reload' }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

self.addEventListener('activate', (event) => {
  const forget = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(forget());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET') return;
  const address = new URL(request.url);
  address.search = '';
  address.hash = '';
  // A folder is its first page.
  if (address.pathname.endsWith('/')) address.pathname += 'index.html';
  if (known.has(address.href)) event.respondWith(kept(address.href, request));
  else if (address.href.startsWith(self.registration.scope)) {
    const path = address.href.slice(self.registration.scope.length);
    if (LATER.test(path)) event.respondWith(keptOrAsked(address.href, request));
  }
});

async function kept(address, request) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(address);
  // Browsers may have thrown a cache away.
  if (!found) return fetch(request);
  // Some hosts lead index.html to its folder; a page may not be opened by an answer that was led elsewhere.
  if (!found.redirected) return found;
  return new Response(found.body, { status: found.status, headers: found.headers });
}

async function keptOrAsked(address, request) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(address);
  if (found) return found;
  const response = await fetch(request);
  if (response.status === 200) await cache.put(address, response.clone());
  return response;
}
