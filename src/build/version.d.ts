/** The version in package.json, put in by the build. */
declare const __BASIN_VERSION__: string;
/** The commit that was built; null where the sources are in no checkout. */
declare const __BASIN_COMMIT__: string | null;
/** Whether the sources that were built differ from that commit's. */
declare const __BASIN_CHANGED__: boolean;
