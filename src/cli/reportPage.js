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

  function range(log, middle) {
    return (_, least, most) => {
      if (least === null || most === null) return log ? [0.1, 10] : [0, 1];
      if (!log) {
        const room = (most - least) * 0.06 || Math.abs(most) * 0.1 || 1;
        return [least - room, most + room];
      }
      // Single readings that stray far from the running means do not set the scale.
      const bottom = Math.max(least, middle[0] / 4);
      const top = Math.min(most, middle[1] * 4);
      const room = Math.max((top / bottom) ** 0.06, 1.05);
      return [bottom / room, top * room];
    };
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
        y: { distr: log ? 3 : 1, log: 10, range: range(log, middle) },
      },
      axes: [
        { ...axis, size: 34, space: 70, values: (_, ticks) => ticks.map((tick) => show(tick, false)) },
        { ...axis, size: 62, values, ...(log ? { splits: logTicks, filter: (_, splits) => splits } : {}) },
      ],
      series: [{}, ...series],
      hooks: {
        setCursor: [
          ({ cursor }) => {
            const readout = document.getElementById(`readout-${id}`);
            if (cursor.idx === null || cursor.idx === undefined) {
              readout.textContent = '';
              return;
            }
            const numbers = means.map((curve, replica) => {
              const value = curve[cursor.idx];
              const name = means.length > 1 ? `${replicas[replica]}: ` : '';
              return `${name}${value === null || value === undefined ? '–' : show(value, percent)}`;
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
