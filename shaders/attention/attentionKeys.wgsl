// attentionKeys: dv[m, j] = Σ_t p[t, j] d[m, t] and dk[m, j] = scale Σ_t ds[t, j] q[m, t] with p[t, j] =
//   exp(scale q[m, t]·k[m, j] − l[m, t]) and ds[t, j] = p[t, j] (d[m, t]·v[m, j] − delta[m, t]), over all t, or over t ≥ j with CAUSAL:
//   the gradients of attention in its values and keys, given d, that in its result. Probabilities are computed anew from l (Dao et al. 2022).
// Variants: attentionKeys, attentionKeysVec4 (vec4), attentionKeysTiled (tiled), attentionKeysTiledVec4 (tiled vec4). The tiled ones are for
//   GPUs: a workgroup stages queries and gradients; the others have no barriers. WIDTH is divisible by 4 for vec4.
// Layout: matrix m is head m % heads of example m / heads. Of q, k and v, and of the gradients in k and v, rows of WIDTH numbers are `row`
//   apart, heads `head` and examples `example`, keys beginning keysAt and values valuesAt behind q's first; of d oRow, oHead and oExample. The
//   gradients are in one buffer, `sums`, from dkAt and dvAt on, counted from its start. l and delta [matrices, places]. An invocation has
//   KEYS consecutive j of one m in registers; neighbours have neighbouring m and the same j, or, tiled, the j that follow.
// Knobs: WIDTH numbers a row, FOURS of them, rounded up. KEYS an invocation, THREADS a workgroup. CAUSAL. PHASES: 1 where all keys of an
//   invocation are seen by the same queries (not CAUSAL, or one key), else 2. TILE (tiled): queries that are staged at once, of which
//   TILE FOURS is at most 512.
// A causal query that does not see a key does not count, a NaN or an infinity neither. A NaN in l of a query that does makes dk and dv NaN.
// Order: t ascending.
// Cost: 8 WIDTH flops and an exponential for each j and t that sees it; 2 (WIDTH / KEYS) 4 bytes of queries and gradients, tiled THREADS
//   times fewer, from workgroup memory 2 WIDTH / KEYS 4 bytes.

import package::shared::floats::nan;

// knobs
const WIDTH: u32 = 4u;
const FOURS: u32 = 1u;
const KEYS: u32 = 2u;
const THREADS: u32 = 16u;
const CAUSAL: bool = false;
const PHASES: u32 = 2u;
@if(tiled) const TILE: u32 = 64u;
// end knobs

struct Params {
  matrices: u32, heads: u32, places: u32, scale: f32, keysAt: u32, valuesAt: u32,
  row: u32, head: u32, example: u32, oRow: u32, oHead: u32, oExample: u32,
  qOffset: u32, qReplica: u32, kOffset: u32, kReplica: u32, vOffset: u32, vReplica: u32, dOffset: u32, dReplica: u32,
  lOffset: u32, lReplica: u32, deltaOffset: u32, deltaReplica: u32, sumsOffset: u32, sumsReplica: u32,
  dkAt: u32, dvAt: u32,
}

// What is read and written at once, and how many numbers that is.
@if(vec4) alias Item = vec4f;
@else alias Item = f32;
@if(vec4) const TOGETHER: u32 = 4u;
@else const TOGETHER: u32 = 1u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<Item>;
@group(0) @binding(2) var<storage, read> k: array<Item>;
@group(0) @binding(3) var<storage, read> v: array<Item>;
@group(0) @binding(4) var<storage, read> d: array<Item>;
@group(0) @binding(5) var<storage, read> l: array<f32>;
@group(0) @binding(6) var<storage, read> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> sums: array<Item>;

// Queries, and behind them gradients.
@if(tiled) var<workgroup> staged: array<vec4f, 1024>;

// Four f of a row that starts at `at`; zeros behind its end.
fn queryFour(at: u32, f: u32) -> vec4f {
  @if(vec4) { return q[at + f]; }
  @else {
    var four = vec4f();
    // unroll
    for (var e = 0u; e < 4u; e++) { if (4u * f + e < WIDTH) { four[e] = q[at + 4u * f + e]; } }
    return four;
  }
}

fn keyFour(at: u32, f: u32) -> vec4f {
  @if(vec4) { return k[at + f]; }
  @else {
    var four = vec4f();
    // unroll
    for (var e = 0u; e < 4u; e++) { if (4u * f + e < WIDTH) { four[e] = k[at + 4u * f + e]; } }
    return four;
  }
}

fn valueFour(at: u32, f: u32) -> vec4f {
  @if(vec4) { return v[at + f]; }
  @else {
    var four = vec4f();
    // unroll
    for (var e = 0u; e < 4u; e++) { if (4u * f + e < WIDTH) { four[e] = v[at + 4u * f + e]; } }
    return four;
  }
}

fn gradientFour(at: u32, f: u32) -> vec4f {
  @if(vec4) { return d[at + f]; }
  @else {
    var four = vec4f();
    // unroll
    for (var e = 0u; e < 4u; e++) { if (4u * f + e < WIDTH) { four[e] = d[at + 4u * f + e]; } }
    return four;
  }
}

fn writeFours(keyAt: u32, valueAt: u32, f: u32, key: vec4f, value: vec4f) {
  @if(vec4) {
    sums[keyAt + f] = key;
    sums[valueAt + f] = value;
  }
  @else {
    // unroll
    for (var e = 0u; e < 4u; e++) {
      if (4u * f + e < WIDTH) {
        sums[keyAt + 4u * f + e] = key[e];
        sums[valueAt + 4u * f + e] = value[e];
      }
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = group.z;
  let places = params.places;
  let index = group.x + group.y * groups.x;
  @if(tiled) let blocks = (places + THREADS * KEYS - 1u) / (THREADS * KEYS);
  @if(tiled) let matrix = index / blocks;
  @if(tiled) let base = index % blocks * THREADS * KEYS;
  @if(tiled) let first = base + lane * KEYS;
  @if(tiled) { if (matrix >= params.matrices) { return; } }
  @if(!tiled) let matrix = (index * THREADS + lane) % params.matrices;
  @if(!tiled) let first = (index * THREADS + lane) / params.matrices * KEYS;
  @if(!tiled) { if (first >= places) { return; } }
  let row = matrix * places;
  let example = matrix / params.heads;
  let head = matrix % params.heads;
  let start = example * params.example + head * params.head;
  let oStart = example * params.oExample + head * params.oHead;
  let step = params.row / TOGETHER;
  let oStep = params.oRow / TOGETHER;
  let qAt = (params.qOffset + r * params.qReplica + start) / TOGETHER;
  let kAt = (params.kOffset + r * params.kReplica + start + params.keysAt) / TOGETHER;
  let vAt = (params.vOffset + r * params.vReplica + start + params.valuesAt) / TOGETHER;
  let dAt = (params.dOffset + r * params.dReplica + oStart) / TOGETHER;
  let lAt = params.lOffset + r * params.lReplica + row;
  let deltaAt = params.deltaOffset + r * params.deltaReplica + row;

  var keys: array<vec4f, KEYS * FOURS>;
  var values: array<vec4f, KEYS * FOURS>;
  var keySums: array<vec4f, KEYS * FOURS>;
  var valueSums: array<vec4f, KEYS * FOURS>;
  var score: array<f32, KEYS>;
  var slope: array<f32, KEYS>;
  // The bits of the largest l without its sign: those of a NaN are above all others.
  var largest: array<u32, KEYS>;
  var queryRow: array<vec4f, FOURS>;
  var gradientRow: array<vec4f, FOURS>;
  // unroll
  for (var i = 0u; i < KEYS; i++) {
    let j = min(first + i, places - 1u);
    // unroll
    for (var f = 0u; f < FOURS; f++) {
      keys[i * FOURS + f] = keyFour(kAt + j * step, f);
      values[i * FOURS + f] = valueFour(vAt + j * step, f);
    }
  }

  // Queries of which only some see all keys of this invocation, and those behind them that do.
  var ragged = select(0u, min(first + KEYS - 1u, places), CAUSAL);
  var end = places;
  @if(tiled) {
    if (first >= places) {
      ragged = 0u;
      end = 0u;
    }
  }
  var t = select(0u, first, CAUSAL);
  @if(tiled) let firstTile = select(0u, base / TILE * TILE, CAUSAL);
  @if(tiled) let span = TILE;
  @if(!tiled) let firstTile = 0u;
  @if(!tiled) let span = places;
  for (var tile = firstTile; tile < places; tile += span) {
    @if(tiled) {
      workgroupBarrier();
      for (var n = lane; n < TILE * FOURS; n += THREADS) {
        let query = tile + n / FOURS;
        if (query < places) {
          staged[n] = params.scale * queryFour(qAt + query * step, n % FOURS);
          staged[TILE * FOURS + n] = gradientFour(dAt + query * oStep, n % FOURS);
        }
      }
      workgroupBarrier();
    }
    // First the queries that see some of the keys, then those that see all.
    // unroll
    for (var phase = 0u; phase < PHASES; phase++) {
      let until = min(select(ragged, end, phase + 1u == PHASES), tile + span);
      while (t < until) {
        let level = l[lAt + t];
        let along = delta[deltaAt + t];
        let bits = bitcast<u32>(level) & 0x7fffffffu;
        // unroll
        for (var i = 0u; i < KEYS; i++) {
          score[i] = 0.0;
          slope[i] = 0.0;
        }
        // unroll
        for (var f = 0u; f < FOURS; f++) {
          @if(tiled) let query = staged[(t - tile) * FOURS + f];
          @if(tiled) let gradient = staged[(TILE + t - tile) * FOURS + f];
          @if(!tiled) let query = params.scale * queryFour(qAt + t * step, f);
          @if(!tiled) let gradient = gradientFour(dAt + t * oStep, f);
          queryRow[f] = query;
          gradientRow[f] = gradient;
          // unroll
          for (var i = 0u; i < KEYS; i++) {
            score[i] += dot(query, keys[i * FOURS + f]);
            slope[i] += dot(gradient, values[i * FOURS + f]);
          }
        }
        // unroll
        for (var i = 0u; i < KEYS; i++) {
          let isSeen = phase + 1u == PHASES || first + i <= t;
          let p = exp(score[i] - level);
          let ds = p * (slope[i] - along);
          largest[i] = max(largest[i], select(0u, bits, isSeen));
          // unroll
          for (var f = 0u; f < FOURS; f++) {
            keySums[i * FOURS + f] += select(vec4f(), ds * queryRow[f], isSeen);
            valueSums[i * FOURS + f] += select(vec4f(), p * gradientRow[f], isSeen);
          }
        }
        t++;
      }
    }
  }

  let dkAt = (params.dkAt + r * params.sumsReplica + start) / TOGETHER;
  let dvAt = (params.dvAt + r * params.sumsReplica + start) / TOGETHER;
  // unroll
  for (var i = 0u; i < KEYS; i++) {
    let j = first + i;
    if (j < places) {
      let none = vec4f(nan(places));
      let isNumber = largest[i] <= 0x7f800000u;
      // unroll
      for (var f = 0u; f < FOURS; f++) {
        let key = select(none, keySums[i * FOURS + f], isNumber);
        let value = select(none, valueSums[i * FOURS + f], isNumber);
        writeFours(dkAt + j * step, dvAt + j * step, f, key, value);
      }
    }
  }
}
