import { AdapterLine } from './adapterBanner.tsx';
import { SITE_PAGES, type SitePageName } from './sitePages.ts';
import type { WorkerSession } from './workerSession.ts';

interface HeaderProps {
  current: SitePageName;
  /** What the page is for, in a few words. */
  tagline: string;
  /** What the page computes with; left out where it computes nothing. */
  session?: WorkerSession;
}

/** The head of a page: the way to the others, and what this one computes on. */
export function SiteHeader({ current, tagline, session }: HeaderProps) {
  return (
    <header>
      <h1>Basin</h1>
      <nav class="pages" aria-label="Pages">
        {SITE_PAGES.map(({ href, name }) => (
          <a key={name} href={`./${href}`} aria-current={name === current ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <p class="tagline">{tagline}</p>
      {session && <AdapterLine session={session} />}
    </header>
  );
}
