/**
 * Text from a host, made fit to show. A process can call itself anything, so nothing of it may move the cursor, reorder what
 * stands beside it or fill the screen.
 */

/**
 * C0 and C1 controls; line and paragraph separators; marks, embeddings, overrides and isolates of the bidirectional
 * algorithm, which can make `gpj.exe` of `exe.jpg` (CVE-2021-42574); characters without width, which make two names look
 * alike; Unicode tags; halves of surrogate pairs.
 */
const unsafe =
  // eslint-disable-next-line no-control-regex -- finding control characters is the purpose
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Longest text in a label or a sentence, in UTF-16 units. */
export const labelLimit = 160;

const plain = /^[ -~]*$/;

/** For labels and sentences: unsafe characters become U+FFFD, and what is longer than `limit` ends in `…`. */
export function displayText(text: string, limit: number = labelLimit): string {
  const cut = text.length > limit ? cutAt(text, limit - 1) + '…' : text;
  return plain.test(cut) ? cut : cut.replace(unsafe, '\ufffd');
}

/** Does not part a surrogate pair. */
function cutAt(text: string, limit: number): string {
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit);
}

/**
 * A key that orders texts as people do when compared with `<`: without regard to case, and `web2` before `web10`. Numbers
 * become their length and their digits; the leading `0` keeps them where digits sort among other characters.
 */
export function naturalKey(text: string): string {
  return text.toLowerCase().replace(/\d+/g, (digits) => {
    const number = digits.replace(/^0+(?=\d)/, '');
    return `0${String.fromCharCode(0x100 + number.length)}${number}`;
  });
}
