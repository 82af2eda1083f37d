// attentionQueries: dq[m, t] = scale Σ_j ds[t, j] k[m, j] with ds[t, j] = p[t, j] (d[m, t]·v[m, j] − delta[m, t]), p[t, j] =
//   exp(scale q[m, t]·k[m, j] − l[m, t]) and delta[m, t] = d[m, t]·o[m, t], over all j, or over j ≤ t with CAUSAL: the gradient of
//   attention in its queries, given d, that in its result o. Probabilities are computed anew from l (Dao et al. 2022).
// Variants: attentionQueries, attentionQueriesVec4 (vec4), attentionQueriesTiled (tiled), attentionQueriesTiledVec4 (tiled vec4). The
//   tiled ones are for GPUs: a workgroup stages keys and values; the others have no barriers. WIDTH is divisible by 4 for vec4.
// Layout: matrix m is head m % heads of example m / heads. Of q, k, v and dq rows of WIDTH numbers are `row` apart, heads `head` and
//   examples `example`, keys beginning keysAt and values valuesAt behind q's first; of o and d oRow, oHead and oExample. l and delta
//   [matrices, places]. An invocation has QUERIES consecutive t of one m in registers; neighbours have neighbouring m and the same t, or,
//   tiled, the t that follow.
// Knobs: WIDTH numbers a row, FOURS of them, rounded up. QUERIES an invocation, THREADS a workgroup. CAUSAL. PHASES: 1 where all queries
//   of an invocation see the same keys (not CAUSAL, or one query), else 2. TILE (tiled): keys that are staged at once, of which TILE FOURS
//   is at most 512.
// What a causal query does not see does not count, a NaN or an infinity neither. Where l is NaN dq is.
// Order: j ascending.
// Cost: 6 WIDTH flops and an exponential for each t and j that it sees; 2 (WIDTH / QUERIES) 4 bytes of keys and values, tiled THREADS
//   times fewer, from workgroup memory 2 WIDTH / QUERIES 4 bytes.

import package::shared::floats::{isFinite, nan};

// knobs
const WIDTH: u32 = 4u;
const FOURS: u32 = 1u;
const QUERIES: u32 = 4u;
const THREADS: u32 = 16u;
const CAUSAL: bool = false;
const PHASES: u32 = 2u;
@if(tiled) const TILE: u32 = 64u;
// end knobs

struct Params {
  matrices: u32, heads: u32, places: u32, scale: f32, keysAt: u32, valuesAt: u32,
  row: u32, head: u32, example: u32, oRow: u32, oHead: u32, oExample: u32,
  qOffset: u32, qReplica: u32, kOffset: u32, kReplica: u32, vOffset: u32, vReplica: u32, oOffset: u32, oReplica: u32,
  dOffset: u32, dReplica: u32, lOffset: u32, lReplica: u32, dqOffset: u32, dqReplica: u32, deltaOffset: u32, deltaReplica: u32,
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
@group(0) @binding(4) var<storage, read> o: array<Item>;
@group(0) @binding(5) var<storage, read> d: array<Item>;
@group(0) @binding(6) var<storage, read> l: array<f32>;
@group(0) @binding(7) var<storage, read_write> dq: array<Item>;
@group(0) @binding(8) var<storage, read_write> delta: array<f32>;

// Keys, and behind them values.
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

fn resultFour(at: u32, f: u32) -> vec4f {
  @if(vec4) { return o[at + f]; }
  @else {
    var four = vec4f();
    // unroll
    for (var e = 0u; e < 4u; e++) { if (4u * f + e < WIDTH) { four[e] = o[at + 4u * f + e]; } }
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

fn writeFour(at: u32, f: u32, four: vec4f) {
  @if(vec4) { dq[at + f] = four; }
  @else {
    // unroll
    for (var e = 0u; e < 4u; e++) { if (4u * f + e < WIDTH) { dq[at + 4u * f + e] = four[e]; } }
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
  @if(tiled) let blocks = (places + THREADS * QUERIES - 1u) / (THREADS * QUERIES);
  @if(tiled) let matrix = index / blocks;
  @if(tiled) let base = index % blocks * THREADS * QUERIES;
  @if(tiled) let first = base + lane * QUERIES;
  @if(tiled) { if (matrix >= params.matrices) { return; } }
  @if(!tiled) let matrix = (index * THREADS + lane) % params.matrices;
  @if(!tiled) let first = (index * THREADS + lane) / params.matrices * QUERIES;
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
  let oAt = (params.oOffset + r * params.oReplica + oStart) / TOGETHER;
  let dAt = (params.dOffset + r * params.dReplica + oStart) / TOGETHER;
  let lAt = params.lOffset + r * params.lReplica + row;

  var query: array<vec4f, QUERIES * FOURS>;
  var gradient: array<vec4f, QUERIES * FOURS>;
  var sums: array<vec4f, QUERIES * FOURS>;
  var level: array<f32, QUERIES>;
  var along: array<f32, QUERIES>;
  var score: array<f32, QUERIES>;
  var slope: array<f32, QUERIES>;
  var keyRow: array<vec4f, FOURS>;
  // unroll
  for (var i = 0u; i < QUERIES; i++) {
    let t = min(first + i, places - 1u);
    // unroll
    for (var f = 0u; f < FOURS; f++) {
      let own = gradientFour(dAt + t * oStep, f);
      query[i * FOURS + f] = params.scale * queryFour(qAt + t * step, f);
      gradient[i * FOURS + f] = own;
      along[i] += dot(own, resultFour(oAt + t * oStep, f));
    }
    level[i] = l[lAt + t];
  }

  // Keys that some query of this invocation sees, and those before them that all do.
  var end = select(places, min(first + QUERIES, places), CAUSAL);
  var whole = select(places, min(first + 1u, places), CAUSAL);
  @if(tiled) {
    if (first >= places) {
      end = 0u;
      whole = 0u;
    }
  }
  @if(tiled) let last = select(places, min(base + THREADS * QUERIES, places), CAUSAL);
  @if(tiled) let span = TILE;
  @if(!tiled) let last = end;
  @if(!tiled) let span = places;
  var j = 0u;
  for (var tile = 0u; tile < last; tile += span) {
    @if(tiled) {
      workgroupBarrier();
      for (var n = lane; n < TILE * FOURS; n += THREADS) {
        let key = tile + n / FOURS;
        if (key < places) {
          staged[n] = keyFour(kAt + key * step, n % FOURS);
          staged[TILE * FOURS + n] = valueFour(vAt + key * step, n % FOURS);
        }
      }
      workgroupBarrier();
    }
    // First the keys that all see, then the others.
    // unroll
    for (var phase = 0u; phase < PHASES; phase++) {
      let until = min(select(whole, end, phase == 1u), tile + span);
      while (j < until) {
        // unroll
        for (var i = 0u; i < QUERIES; i++) {
          score[i] = 0.0;
          slope[i] = 0.0;
        }
        // unroll
        for (var f = 0u; f < FOURS; f++) {
          @if(tiled) let keys = staged[(j - tile) * FOURS + f];
          @if(tiled) let values = staged[(TILE + j - tile) * FOURS + f];
          @if(!tiled) let keys = keyFour(kAt + j * step, f);
          @if(!tiled) let values = valueFour(vAt + j * step, f);
          keyRow[f] = keys;
          // unroll
          for (var i = 0u; i < QUERIES; i++) {
            score[i] += dot(query[i * FOURS + f], keys);
            slope[i] += dot(gradient[i * FOURS + f], values);
          }
        }
        // unroll
        for (var i = 0u; i < QUERIES; i++) {
          let isSeen = phase == 0u || j <= first + i;
          let ds = exp(score[i] - level[i]) * (slope[i] - along[i]);
          // unroll
          for (var f = 0u; f < FOURS; f++) { sums[i * FOURS + f] += select(vec4f(), ds * keyRow[f], isSeen); }
        }
        j++;
      }
    }
  }

  let dqAt = (params.dqOffset + r * params.dqReplica + start) / TOGETHER;
  let deltaAt = params.deltaOffset + r * params.deltaReplica + row;
  // unroll
  for (var i = 0u; i < QUERIES; i++) {
    let t = first + i;
    if (t < places) {
      // unroll
      for (var f = 0u; f < FOURS; f++) {
        let four = params.scale * sums[i * FOURS + f];
        writeFour(dqAt + t * step, f, select(vec4f(nan(places)), four, isFinite(level[i])));
      }
      delta[deltaAt + t] = along[i];
    }
  }
}
