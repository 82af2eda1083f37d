/**
 * What lies between and around solutions: the loss along lines, over planes and along random rays.
 * @module
 */

export {
  type LandscapeSettings,
  type LandscapeWeights,
  type LineSettings,
  line,
  type PlaneSettings,
  plane,
  type RaysSettings,
  rays,
} from '../measure/landscape/landscape.ts';
export type { LandscapeProgress, StatisticsMode } from '../measure/landscape/landscapeInput.ts';
export type {
  LandscapeFacts,
  LandscapeResult,
  LinePoint,
  LineResult,
  Mark,
  MeanPoint,
  PlaneResult,
  PlaneValues,
  PointValues,
  RaysResult,
} from '../measure/landscape/landscapeResult.ts';
