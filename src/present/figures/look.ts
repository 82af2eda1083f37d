/** Colours of a figure: of its ground, its text, its grid, its curves, and of the ends of what levels are filled with. */
export interface Palette {
  readonly card: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly curves: readonly string[];
  readonly levels: readonly [lowest: string, highest: string];
}

/** The pages' own colours (page.css), as values: a figure that is saved has no page around it. */
export const PALETTES: Readonly<Record<'light' | 'dark', Palette>> = {
  light: {
    card: '#ffffff',
    text: '#1a2029',
    muted: '#535d6b',
    grid: '#e8ebf0',
    curves: ['#0b62c4', '#c2410c', '#0f7b5f', '#8b3fb0', '#946500', '#b3266a', '#2a7187', '#5b5f66'],
    levels: ['#f4f8fd', '#0a2c5c'],
  },
  dark: {
    card: '#191f27',
    text: '#e7ebf0',
    muted: '#a9b3c0',
    grid: '#28303a',
    curves: ['#6ab0ff', '#ff9d66', '#4fd0a5', '#cf94f0', '#e3b341', '#ff86b8', '#79c7e0', '#b8bcc4'],
    levels: ['#1b2634', '#cfe4ff'],
  },
};

/** How a figure is drawn, beside what it shows. */
export interface Look {
  /** What makes its elements: a page's, or one of a library where there is no page. */
  readonly document: Document;
  readonly theme: keyof typeof PALETTES;
  /** In CSS pixels. */
  readonly width: number;
}

/** Of a figure as a file, wherever it is made: on a light ground, two charts side by side. */
export const FILE_LOOK = { theme: 'light', width: 760 } as const satisfies Partial<Look>;
