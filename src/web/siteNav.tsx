const PAGES = [
  { href: './index.html', name: 'Lab' },
  { href: './experiments.html', name: 'Experiments' },
  { href: './bench.html', name: 'Bench' },
] as const;

/** The way from one page to the others. */
export function SiteNav({ current }: { current: (typeof PAGES)[number]['name'] }) {
  return (
    <nav class="pages" aria-label="Pages">
      {PAGES.map(({ href, name }) => (
        <a key={name} href={href} aria-current={name === current ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}
