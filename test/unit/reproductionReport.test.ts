import { expect, test } from 'vitest';
import { styleApart } from '../../src/build/reproductionReport.ts';
import { CONTENT_POLICY } from '../../src/host/contentPolicy.ts';

test('a report that stands by itself becomes a page under the site’s policy, with the same styles', () => {
  const { html, style } = styleApart(
    `<head>
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<style>i { left: 0 }</style>
</head><p style="margin:0">style="no attribute"</p><i class="mark" style="left:5%"></i><i class="bar" style="left:5%"></i>`,
  );
  expect(html).toBe(`<head>
<meta http-equiv="content-security-policy" content="${CONTENT_POLICY}">
</head><p class="s0">style="no attribute"</p><i class="s1 mark"></i><i class="s1 bar"></i>`);
  expect(style).toBe('i { left: 0 }\n.s0.s0.s0 { margin:0 }\n.s1.s1.s1 { left:5% }');
  expect(() => styleApart('<script>1</script>')).toThrow('not told apart');
});
