/** The pages of the site, by their addresses from its root. */
export const SITE_PAGES = [
  { href: 'index.html', name: 'Article' },
  { href: 'experiments.html', name: 'Experiments' },
  { href: 'lab.html', name: 'Lab' },
  { href: 'measure.html', name: 'Measure' },
  { href: 'landscape.html', name: 'Landscape' },
  { href: 'runs.html', name: 'Runs' },
  { href: 'bench.html', name: 'Bench' },
  { href: 'docs/index.html', name: 'Docs' },
] as const;

export type SitePageName = (typeof SITE_PAGES)[number]['name'];
