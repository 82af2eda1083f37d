import { SITE_PAGES } from './sitePages.ts';

/** The way from one page to the others. */
export function SiteNav({ current }: { current: (typeof SITE_PAGES)[number]['name'] }) {
  return (
    <nav class="pages" aria-label="Pages">
      {SITE_PAGES.map(({ href, name }) => (
        <a key={name} href={`./${href}`} aria-current={name === current ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}
