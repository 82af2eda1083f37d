/** Families in the order in which they first come, each with a colour of the theme's; repeated after eight. */
export function familyColours(rows: readonly { readonly family: string }[]): ReadonlyMap<string, string> {
  const families = [...new Set(rows.map(({ family }) => family))];
  return new Map(families.map((family, i) => [family, `var(--curve-${i % 8})`]));
}
