import { useState } from 'preact/hooks';
import type { ContourPanel, Figure } from '../../experiments/figure.ts';
import type { PlaneResult } from '../../measure/landscape/landscapeResult.ts';
import type { PlaneLook } from '../../present/figures/planeFigure.ts';
import { ButtonGroup } from '../buttonGroup.tsx';
import { SaveJson, SaveSvg } from '../outcome/saveButtons.tsx';
import { Picture } from '../picture.tsx';
import { nearest } from './chartScale.ts';
import type { ExactSlice } from './landscapeSession.ts';
import { LinkedChart, Readout } from './linkedChart.tsx';
import type { Place } from './planeWeights.ts';
import { lengthOf, type Slice, sliceFigure } from './slice.ts';
import { SliceHandles } from './sliceHandles.tsx';

interface PlaneProps {
  result: PlaneResult;
  /** The same object until what it shows is another. */
  figure: Figure<ContourPanel>;
  beside: PlaneLook['beside'];
  onBeside(beside: PlaneLook['beside']): void;
  slice: Slice;
  onSlice(slice: Slice): void;
  exact: ExactSlice | undefined;
  onExact(): void;
  running: boolean;
}

/** A plane in linked charts: one cursor, one slice, and the losses along it. */
export function PlaneView(props: PlaneProps) {
  const { result, figure, beside, onBeside, slice, onSlice, exact, onExact, running } = props;
  const [cursor, setCursor] = useState<{ x: number; y: number }>();
  const readNear = (place: Place | undefined): void =>
    setCursor(
      place && {
        x: result.x[nearest(result.x, place[0])]!,
        y: result.y[nearest(result.y, place[1])]!,
      },
    );
  const isExact =
    exact !== undefined && `${exact.slice.from},${exact.slice.to}` === `${slice.from},${slice.to}`;
  const hasLength = lengthOf(slice) > 0;
  const along = hasLength ? sliceFigure(result, slice, isExact ? exact.result : undefined) : undefined;
  return (
    <>
      <h3>{figure.caption}</h3>
      {result.testLoss && result.testAccuracy && (
        <ButtonGroup
          legend="Beside the training loss"
          look="segmented"
          options={[
            { value: 'error', label: 'Test error' },
            { value: 'loss', label: 'Test loss, by the same levels' },
          ]}
          isOn={(each) => each === beside}
          onPress={(each) => onBeside(each as PlaneLook['beside'])}
        />
      )}
      <div class="linked-charts planes">
        {figure.panels.map((panel, i) => (
          <LinkedChart
            key={panel.quantity.label}
            panel={panel}
            cursor={cursor}
            onCursor={readNear}
            over={(frame) => (
              <SliceHandles
                frame={frame}
                slice={slice}
                onSlice={onSlice}
                onEnd={readNear}
                focusable={i === 0}
              />
            )}
          />
        ))}
      </div>
      <Readout
        values={cursor && readAt(result, cursor)}
        empty="Point at a plane to read all values at its nearest grid point; drag the slice by its ends, or move them by the arrow keys."
      />
      <section class="slice-chart" aria-label="Slice">
        {along ? (
          <Picture
            of={`${slice.from},${slice.to},${isExact}`}
            draw={({ drawFigure }, look) => drawFigure(along, look)}
          />
        ) : (
          <p class="empty">Draw the ends of the slice apart.</p>
        )}
        <div class="exports">
          <button type="button" disabled={running || isExact || !hasLength} onClick={onExact}>
            {isExact ? 'Computed along the slice' : 'Compute along the slice'}
          </button>
          {along && <SaveSvg figure={along} file="basin-slice.svg" label="Save slice as SVG" />}
          {isExact && <SaveJson result={exact.result} file="basin-slice.json" label="Save slice as JSON" />}
        </div>
      </section>
    </>
  );
}

/** All that is known at a grid point. */
function readAt(result: PlaneResult, { x, y }: { readonly x: number; readonly y: number }) {
  const [i, j] = [result.x.indexOf(x), result.y.indexOf(y)];
  const at = (values: PlaneResult['accuracy']): number | null => values?.[j]?.[i] ?? null;
  const percent = (share: number | null): number | null => (share === null ? null : 100 * share);
  return [
    ['x', x],
    ['y', y],
    ['training loss', at(result.loss)],
    ...(result.accuracy ? [['training accuracy (%)', percent(at(result.accuracy))] as const] : []),
    ...(result.testLoss ? [['test loss', at(result.testLoss)] as const] : []),
    ...(result.testAccuracy ? [['test accuracy (%)', percent(at(result.testAccuracy))] as const] : []),
  ] as const;
}
