/** The version in package.json, put in by the build. */
declare const __BASIN_VERSION__: string;
