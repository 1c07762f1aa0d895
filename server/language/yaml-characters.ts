export const TAB = 9;
export const LINE_FEED = 10;
export const RETURN = 13;
export const SPACE = 32;
export const HASH = 35;
export const DASH = 45;
export const COLON = 58;
export const QUESTION = 63;
export const DOUBLE = 34;
export const PERCENT = 37;
export const AMPERSAND = 38;
export const SINGLE = 39;
export const STAR = 42;
export const COMMA = 44;
export const DOT = 46;
export const BANG = 33;
export const LIST_OPEN = 91;
export const LIST_CLOSE = 93;
export const MAP_OPEN = 123;
export const MAP_CLOSE = 125;
export const PIPE = 124;
export const GREATER = 62;
export const BACKSLASH = 92;

export const isBlank = (code: number): boolean => code === SPACE || code === TAB;
export const isBreak = (code: number): boolean => code === LINE_FEED || code === RETURN;
/** At the end of the text charCodeAt gives NaN. */
export const isSpace = (code: number): boolean => isBlank(code) || isBreak(code) || Number.isNaN(code);
export const isFlowIndicator = (code: number): boolean =>
  code === COMMA || code === LIST_OPEN || code === LIST_CLOSE || code === MAP_OPEN || code === MAP_CLOSE;
/** Letters and digits, with which nothing but a plain scalar begins. */
export const isWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
