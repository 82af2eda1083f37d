// attention: o[m, t] = Σ_j p[t, j] v[m, j] with p[t, j] = exp(s[t, j] − l[m, t]), s[t, j] = scale q[m, t]·k[m, j] and
//   l[m, t] = log Σ_j exp s[t, j], over all j, or over j ≤ t with CAUSAL: attention in one pass over the keys, of which no matrix of
//   scores is kept (Milakov & Gimelshein 2018; Dao et al. 2022).
// Variants: attention, attentionVec4 (vec4), attentionTiled (tiled), attentionTiledVec4 (tiled vec4). The tiled ones are for GPUs: a
//   workgroup stages keys and values; the others have no barriers. WIDTH is divisible by 4 for vec4.
// Layout: matrix m is head m % heads of example m / heads. Of q, k and v rows of WIDTH numbers are `row` apart, heads `head` and examples
//   `example`, keys beginning keysAt and values valuesAt behind q's first; of o oRow, oHead and oExample. l [matrices, places]. An
//   invocation has QUERIES consecutive t of one m in registers; neighbours have neighbouring m and the same t, so that causal ones go on
//   equally long, or, tiled, the t that follow.
// Knobs: WIDTH numbers a row, FOURS of them, rounded up. QUERIES an invocation; KEYS at once: their maximum is found before anything is
//   scaled by it. THREADS a workgroup. CAUSAL. PHASES: 1 where all keys come in whole blocks that all of an invocation's queries see (one
//   at a time, and not CAUSAL or one query), else 2. TILE (tiled): keys that are staged at once, a multiple of KEYS, of which TILE FOURS is at
//   most 512.
// What a causal query does not see does not count, a NaN or an infinity neither. A score that is NaN makes o and l of its row NaN, and so
//   does an infinity that is the row's largest.
// Order: j ascending, KEYS at a time; whenever the maximum of the scores so far grows, all sums are scaled down.
// Cost: 4 WIDTH flops and an exponential for each t and j that it sees; 2 (WIDTH / QUERIES) 4 bytes of keys and values, tiled THREADS
//   times fewer, from workgroup memory 2 WIDTH / QUERIES 4 bytes.

import package::shared::floats::{isFinite, nan};

// knobs
const WIDTH: u32 = 4u;
const FOURS: u32 = 1u;
const QUERIES: u32 = 4u;
const KEYS: u32 = 4u;
const THREADS: u32 = 16u;
const CAUSAL: bool = false;
const PHASES: u32 = 2u;
@if(tiled) const TILE: u32 = 64u;
// end knobs

struct Params {
  matrices: u32, heads: u32, places: u32, scale: f32, keysAt: u32, valuesAt: u32,
  row: u32, head: u32, example: u32, oRow: u32, oHead: u32, oExample: u32,
  qOffset: u32, qReplica: u32, kOffset: u32, kReplica: u32, vOffset: u32, vReplica: u32,
  oOffset: u32, oReplica: u32, lOffset: u32, lReplica: u32,
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
@group(0) @binding(4) var<storage, read_write> o: array<Item>;
@group(0) @binding(5) var<storage, read_write> l: array<f32>;

// Keys, and behind them values.
@if(tiled) var<workgroup> staged: array<vec4f, 1024>;

// Below every score, and yet finite.
const LOWEST: f32 = -3.0e38;

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

fn writeFour(at: u32, f: u32, four: vec4f) {
  @if(vec4) { o[at + f] = four; }
  @else {
    // unroll
    for (var e = 0u; e < 4u; e++) { if (4u * f + e < WIDTH) { o[at + 4u * f + e] = four[e]; } }
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

  var query: array<vec4f, QUERIES * FOURS>;
  var sums: array<vec4f, QUERIES * FOURS>;
  var top: array<f32, QUERIES>;
  var total: array<f32, QUERIES>;
  // The bits of the largest score without its sign: those of a NaN are above all others.
  var largest: array<u32, QUERIES>;
  var scores: array<f32, QUERIES * KEYS>;
  // unroll
  for (var i = 0u; i < QUERIES; i++) {
    let at = qAt + min(first + i, places - 1u) * step;
    // unroll
    for (var f = 0u; f < FOURS; f++) { query[i * FOURS + f] = params.scale * queryFour(at, f); }
    top[i] = LOWEST;
  }

  // Keys that some query of this invocation sees, and those before them that all do, in whole blocks of KEYS.
  var end = select(places, min(first + QUERIES, places), CAUSAL);
  var whole = select(places, min(first + 1u, places), CAUSAL) / KEYS * KEYS;
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
    // First whole blocks that all queries see; then those of which some keys are past the end, or not seen by all.
    // unroll
    for (var phase = 0u; phase < PHASES; phase++) {
      let until = min(select(whole, end, phase == 1u), tile + span);
      while (j < until) {
        // unroll
        for (var c = 0u; c < KEYS; c++) {
          let key = select(j + c, min(j + c, places - 1u), phase == 1u);
          @if(tiled) let at = (key - tile) * FOURS;
          @if(!tiled) let at = kAt + key * step;
          // unroll
          for (var i = 0u; i < QUERIES; i++) { scores[i * KEYS + c] = 0.0; }
          // unroll
          for (var f = 0u; f < FOURS; f++) {
            @if(tiled) let four = staged[at + f];
            @if(!tiled) let four = keyFour(at, f);
            // unroll
            for (var i = 0u; i < QUERIES; i++) { scores[i * KEYS + c] += dot(query[i * FOURS + f], four); }
          }
        }
        // unroll
        for (var i = 0u; i < QUERIES; i++) {
          let limit = select(places, first + i + 1u, CAUSAL);
          var highest = top[i];
          // unroll
          for (var c = 0u; c < KEYS; c++) {
            let score = scores[i * KEYS + c];
            let bits = bitcast<u32>(score) & 0x7fffffffu;
            if (phase == 0u || j + c < limit) {
              highest = max(highest, score);
              largest[i] = max(largest[i], bits);
            }
          }
          let shrink = exp(top[i] - highest);
          top[i] = highest;
          total[i] *= shrink;
          // unroll
          for (var f = 0u; f < FOURS; f++) { sums[i * FOURS + f] *= shrink; }
          // unroll
          for (var c = 0u; c < KEYS; c++) {
            let weight = select(0.0, exp(scores[i * KEYS + c] - highest), phase == 0u || j + c < limit);
            total[i] += weight;
            scores[i * KEYS + c] = weight;
          }
        }
        // unroll
        for (var c = 0u; c < KEYS; c++) {
          let key = select(j + c, min(j + c, places - 1u), phase == 1u);
          @if(tiled) let at = (TILE + key - tile) * FOURS;
          @if(!tiled) let at = vAt + key * step;
          // unroll
          for (var f = 0u; f < FOURS; f++) {
            @if(tiled) let four = staged[at + f];
            @if(!tiled) let four = valueFour(at, f);
            // unroll
            for (var i = 0u; i < QUERIES; i++) {
              let part = scores[i * KEYS + c] * four;
              let limit = select(places, first + i + 1u, CAUSAL);
              sums[i * FOURS + f] += select(vec4f(), part, phase == 0u || j + c < limit);
            }
          }
        }
        j += KEYS;
      }
    }
  }

  let oAt = (params.oOffset + r * params.oReplica + oStart) / TOGETHER;
  let lAt = params.lOffset + r * params.lReplica + row;
  // unroll
  for (var i = 0u; i < QUERIES; i++) {
    let t = first + i;
    if (t < places) {
      let isNumber = largest[i] <= 0x7f800000u && isFinite(top[i]);
      // unroll
      for (var f = 0u; f < FOURS; f++) {
        writeFour(oAt + t * oStep, f, select(vec4f(nan(places)), sums[i * FOURS + f] / total[i], isNumber));
      }
      l[lAt + t] = select(nan(places), top[i] + log(total[i]), isNumber);
    }
  }
}
