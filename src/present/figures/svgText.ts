const SVG = 'http://www.w3.org/2000/svg';

/**
 * A drawing as the text of an SVG file that needs nothing else. The text is the same whichever library or browser made the elements:
 * attributes by their names, numbers of coordinates to two decimals.
 */
export function svgText(svg: Element): string {
  return `${text(svg, ` xmlns="${SVG}"`)}\n`;
}

function text(element: Element, first = ''): string {
  const attributes = [...element.attributes]
    .filter(({ name }) => name !== 'xmlns')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => ` ${name}="${escaped(COORDINATES.has(name) ? rounded(value) : value)}"`);
  const children = [...element.childNodes].map((child) =>
    child.nodeType === 1 ? text(child as Element) : escaped(child.textContent ?? ''),
  );
  const name = element.localName;
  const open = `<${name}${first}${attributes.join('')}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${name}>`;
}

/** Attributes that hold lengths and places. */
const COORDINATES = new Set([
  'd',
  'transform',
  'x',
  'y',
  'x1',
  'x2',
  'y1',
  'y2',
  'width',
  'height',
  'viewBox',
]);

function rounded(value: string): string {
  return value.replace(
    /-?\d*\.\d+(?:e[+-]?\d+)?/g,
    (number) => `${Math.round(100 * Number(number)) / 100 || 0}`,
  );
}

function escaped(value: string): string {
  return value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
