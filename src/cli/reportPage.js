// Draws the curves of report.html. It stands in the file as it is here, after uPlot and the data.
(() => {
  const { charts, replicas, lastStep } = JSON.parse(document.getElementById('data').textContent);
  const HEIGHT = 240;
  const theme = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** Running mean over about ten readings, free of the bias of its start. */
  function smooth(values) {
    let sum = 0;
    let weight = 0;
    return values.map((value) => {
      if (value === null || value === undefined) return value;
      sum = 0.9 * sum + value;
      weight = 0.9 * weight + 1;
      return sum / weight;
    });
  }

  function show(value, percent) {
    if (percent) return `${Number((100 * value).toPrecision(4))} %`;
    if (value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5)) {
      return String(Number(value.toPrecision(4)));
    }
    const [mantissa, exponent] = value.toExponential(1).replace('.0e', 'e').split('e');
    const power = [...String(Number(exponent))].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit] ?? '⁻').join('');
    return `${mantissa === '1' ? '' : `${mantissa}×`}10${power}`;
  }

  /** 1, 2, 5 of every decade, fewer where there are many decades. */
  function logTicks(_chart, _axis, least, most) {
    const decades = Math.log10(most / least);
    const factors = decades < 1.2 ? [1, 2, 3, 5, 7] : decades < 3 ? [1, 2, 5] : [1];
    const ticks = [];
    for (let exponent = Math.floor(Math.log10(least)); 10 ** exponent <= most; exponent++) {
      for (const factor of factors) {
        const tick = Number(`${factor}e${exponent}`);
        if (tick >= least && tick <= most) ticks.push(tick);
      }
    }
    return ticks;
  }

  function range(log, middle, band) {
    return (_, leastValue, mostValue) => {
      const [low, high] = band ?? [leastValue, mostValue];
      const least = leastValue === null || low === null ? low : Math.min(leastValue, low);
      const most = mostValue === null || high === null ? high : Math.max(mostValue, high);
      if (least === null || most === null) return log ? [0.1, 10] : [0, 1];
      if (!log) {
        const room = (most - least) * 0.06 || Math.abs(most) * 0.1 || 1;
        return [least - room, most + room];
      }
      // Single readings that stray far from the running means do not set the scale.
      const bottom = middle[1] > 0 ? Math.max(least, Math.min(middle[0], low) / 4) : least;
      const top = middle[1] > 0 ? Math.min(most, Math.max(middle[1], high) * 4) : most;
      const room = Math.max((top / bottom) ** 0.06, 1.05);
      return [bottom / room, top * room];
    };
  }

  /** An estimate by its interval where an end of that is open. */
  function showEstimate(value, interval, percent) {
    const number = (end) => show(Number(end.toPrecision(3)), percent);
    if (!interval) return value === null || value === undefined ? '–' : show(value, percent);
    const [low, high] = interval;
    if (low === null) return '∞';
    if (high === null) return low > 0 ? `≥ ${number(low)}` : 'not known';
    if (low <= 0) return `≤ ${number(high)}`;
    return `${value === null || value === undefined ? '–' : show(value, percent)} (${number(low)} to ${number(high)})`;
  }

  /** What of the intervals the value axis shows: lower ends, and upper ones that lie near. */
  function extent(curves) {
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (const [low, high] of curves.flatMap(({ intervals }) => intervals ?? []).filter(Boolean)) {
      if (low === null || low <= 0) continue;
      least = Math.min(least, low);
      most = Math.max(most, high === null ? low : Math.min(high, 4 * low));
    }
    return most > 0 ? [least, most] : null;
  }

  /** The intervals of a curve as a band, to the top of the plot where they are open: there the lower end is dashed. */
  function drawBand(chart, { steps, intervals = [] }, colour) {
    const { ctx, bbox } = chart;
    const [top, bottom] = [bbox.top, bbox.top + bbox.height];
    const x = (row) => chart.valToPos(steps[row], 'x', true);
    const y = (end) => {
      if (end === null) return top;
      if (end <= 0 && chart.scales.y.distr === 3) return bottom;
      return Math.min(bottom, Math.max(top, chart.valToPos(end, 'y', true)));
    };
    const open = (row) => intervals[row]?.[1] === null;
    ctx.save();
    ctx.fillStyle = colour;
    ctx.strokeStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    for (let row = 0; row < steps.length; ) {
      const from = row;
      while (row < steps.length && intervals[row] && open(row) === open(from)) row++;
      if (row === from) {
        row++;
        continue;
      }
      const to = row < steps.length && intervals[row] ? row : row - 1;
      const lower = new Path2D();
      for (let i = from; i <= to; i++) lower.lineTo(x(i), y(intervals[i][0]));
      const band = new Path2D(lower);
      for (let i = to; i >= from; i--) band.lineTo(x(i), y(open(from) ? null : intervals[i][1]));
      ctx.globalAlpha = open(from) ? 0.1 : 0.2;
      ctx.fill(band);
      ctx.globalAlpha = 0.8;
      if (open(from)) ctx.stroke(lower);
    }
    ctx.restore();
  }

  function draw({ id, log, scatters, sparse, percent, curves }, place) {
    const joined = uPlot.join(curves.map(({ steps, values }) => [steps, values]));
    const [steps, ...raw] = joined;
    const means = scatters ? raw.map(smooth) : raw;
    const positive = (values) => (log ? values.map((value) => (value > 0 ? value : null)) : values);
    const columns = (scatters ? [...raw, ...means] : raw).map(positive);
    const inMeans = means.flat().filter((value) => value > 0);
    const middle = [
      inMeans.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      inMeans.reduce((a, b) => Math.max(a, b), 0),
    ];
    const series = columns.map((_, index) => {
      const faint = scatters && index < raw.length;
      const replica = index % raw.length;
      const colour = theme(`--curve-${replica % 8}`);
      return {
        label: replicas[replica],
        stroke: colour,
        width: faint ? 1 : 2,
        alpha: faint ? 0.28 : 1,
        dash: replica < 8 ? [] : [6, 4],
        spanGaps: false,
        points: sparse ? { show: true, size: 6, fill: colour } : { size: 4, fill: colour },
      };
    });
    const axis = {
      stroke: theme('--muted'),
      grid: { stroke: theme('--grid'), width: 1 },
      ticks: { stroke: theme('--grid'), width: 1, size: 4 },
      font: '12px system-ui, sans-serif',
    };
    const values = (_, ticks) => ticks.map((tick) => show(tick, percent));
    const options = {
      width: place.clientWidth,
      height: HEIGHT,
      padding: [10, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, sync: { key: 'steps', scales: ['x', null] } },
      scales: {
        x: { time: false, range: () => [0, Math.max(1, lastStep)] },
        y: { distr: log ? 3 : 1, log: 10, range: range(log, middle, extent(curves)) },
      },
      axes: [
        { ...axis, size: 34, space: 70, values: (_, ticks) => ticks.map((tick) => show(tick, false)) },
        { ...axis, size: 62, values, ...(log ? { splits: logTicks, filter: (_, splits) => splits } : {}) },
      ],
      series: [{}, ...series],
      hooks: {
        drawClear: [
          (chart) => {
            for (const [replica, curve] of curves.entries()) {
              drawBand(chart, curve, theme(`--curve-${replica % 8}`));
            }
          },
        ],
        setCursor: [
          ({ cursor }) => {
            const readout = document.getElementById(`readout-${id}`);
            if (cursor.idx === null || cursor.idx === undefined) {
              readout.textContent = '';
              return;
            }
            const numbers = means.map((curve, replica) => {
              const name = means.length > 1 ? `${replicas[replica]}: ` : '';
              const { steps: own, intervals } = curves[replica];
              const interval = intervals?.[own.indexOf(steps[cursor.idx])];
              return `${name}${showEstimate(curve[cursor.idx], interval, percent)}`;
            });
            readout.textContent = `step ${steps[cursor.idx]}   ${numbers.join('   ')}`;
          },
        ],
      },
    };
    return new uPlot(options, [steps, ...columns], place);
  }

  const drawn = new Map();
  function drawAll() {
    for (const chart of charts) {
      const place = document.getElementById(`plot-${chart.id}`);
      drawn.get(chart.id)?.destroy();
      if (chart.curves.length > 0) drawn.set(chart.id, draw(chart, place));
    }
  }
  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  addEventListener('resize', () => {
    for (const chart of drawn.values()) {
      chart.setSize({ width: chart.root.parentElement.clientWidth, height: HEIGHT });
    }
  });
})();
