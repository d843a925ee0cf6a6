// One text of two that were written at the same time, on two computers or in two tabs, from the same words. Pure.

/** Where `text` differs from `base`: from `low` to `high` of `base` (characters) it has `words`. */
function change(base, text) {
  const shorter = Math.min(base.length, text.length);
  let low = 0;
  while (low < shorter && base[low] === text[low]) low += 1;
  let same = 0;
  while (same < shorter - low && base[base.length - 1 - same] === text[text.length - 1 - same]) same += 1;
  return { low, high: base.length - same, words: text.slice(low, text.length - same) };
}

/** The words of a change for more of `base` than it changed. */
function widen(base, { low, high, words }, from, to) {
  return [...base.slice(from, low), ...words, ...base.slice(high, to)].join("");
}

/** Whether `text` is only more of `part`: it begins with it, or has it as lines of its own, as after a merge. */
function holds(text, part) {
  return text.startsWith(part) || `\n${text}\n`.includes(`\n${part.trimStart()}\n`);
}

/** Whether `text` begins with `part`, and that ends there in the middle of a word: who knows whether that word was meant? */
function isCut(text, part) {
  const isInWord = /[\p{L}\p{M}\p{N}]$/u.test(part) && /^[\p{L}\p{M}\p{N}]/u.test(text.slice(part.length));
  return isInWord && text.startsWith(part);
}

/**
 * `mine` and `theirs` were made of `base`: gives a text with what both have written. `isBoth`: they have changed the same
 * place, and both texts stand there, one below the other; or one as the beginning of the other.
 */
export function merge(base, mine, theirs) {
  if (mine === theirs || mine === base) return { text: theirs, isBoth: false };
  if (theirs === base) return { text: mine, isBoth: false };
  const from = Array.from(base); // whole characters, where a script's count would cut some in two
  const [one, other] = [change(from, Array.from(mine)), change(from, Array.from(theirs))];
  const low = Math.min(one.low, other.low);
  const high = Math.max(one.high, other.high);
  const before = from.slice(0, low).join("");
  const after = from.slice(high).join("");
  const [first, last] = one.low < other.low ? [one, other] : [other, one];
  if (first.high < last.low) {
    const between = from.slice(first.high, last.low).join("");
    return { text: before + first.words.join("") + between + last.words.join("") + after, isBoth: false };
  }
  const [ours, others] = [widen(from, one, low, high), widen(from, other, low, high)];
  if (holds(others, ours)) return { text: theirs, isBoth: isCut(others, ours) };
  if (holds(ours, others)) return { text: mine, isBoth: isCut(ours, others) };
  return { text: `${before}${others}\n${ours.trimStart()}${after}`, isBoth: true };
}
