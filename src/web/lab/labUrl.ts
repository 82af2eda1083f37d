import { defaultSettings, FIELD_NAMES, FIELDS, type Settings } from './labFields.ts';

/** The address's parameters for settings: those that are not as they are at first, and those of the length always. */
export function settingsToParams(settings: Settings): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of FIELD_NAMES) {
    if (name === 'length' || name === 'lengthUnit') continue;
    if (settings[name] !== defaultSettings[name]) params.set(FIELDS[name].param, settings[name]);
  }
  const { length, lengthUnit } = settings;
  if (length !== defaultSettings.length || lengthUnit !== defaultSettings.lengthUnit)
    params.set(lengthUnit, length);
  return params;
}

/** The settings that an address's parameters give; what is not among them is as it is at first. */
export function settingsFromParams(params: URLSearchParams): Settings {
  const given = FIELD_NAMES.flatMap((name) => {
    const text = params.get(FIELDS[name].param);
    return text === null ? [] : [[name, text] as const];
  });
  const lengths = (['epochs', 'steps'] as const).flatMap((lengthUnit) => {
    const length = params.get(lengthUnit);
    return length === null ? [] : [{ length, lengthUnit }];
  });
  return { ...defaultSettings, ...Object.fromEntries(given), ...lengths[0] };
}
