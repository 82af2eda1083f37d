import type { ComponentChildren } from 'preact';

export interface Tab {
  readonly id: string;
  readonly label: string;
}

interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  chosen: string;
  onChoose(id: string): void;
  /** At the other end of the bar. */
  tools: ComponentChildren;
  children: ComponentChildren;
}

/** Views of which one is shown; arrow keys go from tab to tab (the WAI-ARIA pattern). */
export function Tabs({ label, tabs, chosen, onChoose, tools, children }: TabsProps) {
  const go = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ id }) => id === chosen);
    const last = tabs.length - 1;
    const target = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const { id } = tabs[target]!;
    onChoose(id);
    document.getElementById(`tab-${id}`)?.focus();
  };
  return (
    <>
      <div class="view-bar">
        <div class="tabs" role="tablist" aria-label={label}>
          {tabs.map(({ id, label: name }) => (
            <button
              key={id}
              id={`tab-${id}`}
              type="button"
              role="tab"
              aria-selected={id === chosen}
              aria-controls="view"
              tabIndex={id === chosen ? 0 : -1}
              onClick={() => onChoose(id)}
              onKeyDown={go}
            >
              {name}
            </button>
          ))}
        </div>
        {tools}
      </div>
      <div id="view" role="tabpanel" aria-labelledby={`tab-${chosen}`}>
        <h2 class="visually-hidden">{tabs.find(({ id }) => id === chosen)?.label}</h2>
        {children}
      </div>
    </>
  );
}
