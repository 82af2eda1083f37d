/**
 * What Plot drew, without what a page's content security policy refuses or a figure says elsewhere: its `<style>`, its class names
 * but those that marks were given, descriptions of axes.
 */
export function bare(drawn: Element): SVGSVGElement {
  const svg = drawn as SVGSVGElement;
  svg.querySelector('style')?.remove();
  for (const name of ['class', 'aria-label']) svg.removeAttribute(name);
  for (const element of svg.querySelectorAll('[aria-label], [aria-hidden]')) {
    element.removeAttribute('aria-label');
    element.removeAttribute('aria-hidden');
  }
  return svg;
}
