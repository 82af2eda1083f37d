import { existsSync, readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { CONTENT_POLICY } from '../host/contentPolicy.ts';

/**
 * The report of `basin reproduce` as a page of the site, `reproduction.html`, where there is one.
 * @param file the report
 */
export function reproductionReport(file: string): Plugin {
  return {
    name: 'basin:reproduction-report',
    apply: 'build',
    generateBundle() {
      if (!existsSync(file)) return;
      const { html, style } = styleApart(readFileSync(file, 'utf8'));
      const sheet = this.getFileName(
        this.emitFile({ type: 'asset', name: 'reproduction.css', source: style }),
      );
      const page = html.replace(
        '<head>',
        `<head>\n<link rel="icon" type="image/svg+xml" href="./icon.svg">\n<link rel="stylesheet" href="./${sheet}">`,
      );
      this.emitFile({ type: 'asset', fileName: 'reproduction.html', source: page });
    },
  };
}

/**
 * A page that stands by itself, and so holds its own styles, under the site's content security policy, which refuses them: they are told
 * apart from it, those of single elements by classes.
 * @throws Error where some are left
 */
export function styleApart(page: string): { readonly html: string; readonly style: string } {
  const sheets: string[] = [];
  const rules = new Map<string, string>();
  const html = page
    .replace(
      /<meta http-equiv="content-security-policy"[^>]*>/,
      `<meta http-equiv="content-security-policy" content="${CONTENT_POLICY}">`,
    )
    .replace(/<link rel="icon" href="data:,">\n?/, '')
    .replace(/<style>([\s\S]*?)<\/style>\n?/g, (_, sheet: string) => {
      sheets.push(sheet);
      return '';
    })
    .replace(/<[a-z][^<>]* style="([^"]*)"[^<>]*>/g, (tag, rule: string) => {
      const name = rules.get(rule) ?? `s${rules.size}`;
      rules.set(rule, name);
      const bare = tag.replace(/ style="[^"]*"/, '');
      return / class="/.test(bare)
        ? bare.replace(/ class="/, ` class="${name} `)
        : bare.replace(/^<[a-z][\w-]*/, (start) => `${start} class="${name}"`);
    });
  if (/<style|<[a-z][^<>]* style=|<script/.test(html))
    throw new Error('a report has a style or a script that was not told apart');
  const own = [...rules].map(([rule, name]) => `.${name}.${name}.${name} { ${rule} }`);
  return { html, style: [...sheets, ...own].join('\n') };
}
