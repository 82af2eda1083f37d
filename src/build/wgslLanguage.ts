import type { HLJSApi, Language } from 'highlight.js';

/** WGSL for highlight.js, which has none: words by kind, comments, attributes and numbers. */
export function wgslLanguage(hljs: HLJSApi): Language {
  return {
    name: 'WGSL',
    keywords: {
      keyword:
        'alias break case const const_assert continue continuing default diagnostic discard else enable fn for if let loop ' +
        'override requires return struct switch var while',
      literal: 'true false',
      type:
        'bool f16 f32 i32 u32 vec2 vec3 vec4 vec2f vec3f vec4f vec2u vec3u vec4u vec2i vec3i vec4i array atomic ptr ' +
        'storage uniform workgroup private function read write read_write',
    },
    contains: [
      hljs.C_LINE_COMMENT_MODE,
      { className: 'meta', begin: /@\w+/ },
      { className: 'number', begin: /\b(0x[\da-fA-F]+|\d+(\.\d*)?([eE][+-]?\d+)?)[fhiu]?\b/ },
    ],
  };
}
