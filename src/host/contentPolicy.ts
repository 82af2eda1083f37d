/**
 * The content security policy of every page, in its head and in the answers of Basin's own servers: everything from the page's origin, no
 * script or style that stands in a page, nothing evaluated. Images may be such that the page has drawn itself.
 */
export const CONTENT_POLICY = [
  "default-src 'self'",
  "img-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');
