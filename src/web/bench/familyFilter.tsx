import { ButtonGroup } from '../buttonGroup.tsx';

interface FilterProps {
  families: readonly string[];
  /** Empty for all. */
  chosen: ReadonlySet<string>;
  onChoose(chosen: ReadonlySet<string>): void;
}

/** Which families the next run times, and the table shows. */
export function FamilyFilter({ families, chosen, onChoose }: FilterProps) {
  const toggle = (family: string) => {
    const changed = new Set(chosen);
    if (!changed.delete(family)) changed.add(family);
    onChoose(changed.size === families.length ? new Set() : changed);
  };
  const all = { value: '', label: 'all' };
  return (
    <ButtonGroup
      legend="Families to run and to show"
      look="pills"
      options={[all, ...families.map((family) => ({ value: family, label: family }))]}
      isOn={(family) => (family === '' ? chosen.size === 0 : chosen.has(family))}
      onPress={(family) => (family === '' ? onChoose(new Set()) : toggle(family))}
    />
  );
}
