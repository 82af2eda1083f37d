/** Has the browser keep the site, so that it works without a network from the next visit on. Where it cannot, nothing is lost. */
export function keepOffline(): void {
  // Under `npm run dev` files change all the time.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const register = () => {
    navigator.serviceWorker.register(new URL('serviceWorker.js', document.baseURI)).catch((error: Error) => {
      console.info(`The site will not work without a network: ${error.message}`);
    });
  };
  if (document.readyState === 'complete') register();
  else addEventListener('load', register, { once: true });
}
