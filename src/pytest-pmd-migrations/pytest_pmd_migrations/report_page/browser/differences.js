// Two lists compared: which lines are the same, and which tokens of two lines that differ.

const MOST_STEPS = 4e6;

// Pairs [left, right] of a longest common part; null stands where one side has nothing.
const aligned = (left, right, same = (a, b) => a === b) => {
  let start = 0;
  while (start < left.length && start < right.length && same(left[start], right[start])) start += 1;
  let end = 0;
  while (end < left.length - start && end < right.length - start
    && same(left[left.length - 1 - end], right[right.length - 1 - end])) end += 1;
  const a = left.slice(start, left.length - end);
  const b = right.slice(start, right.length - end);
  return [
    ...left.slice(0, start).map((one, n) => [one, right[n]]),
    ...alignedMiddle(a, b, same),
    ...left.slice(left.length - end).map((one, n) => [one, right[right.length - end + n]]),
  ];
};

const alignedMiddle = (a, b, same) => {
  if (a.length * b.length > MOST_STEPS)
    return [...a.map((one) => [one, null]), ...b.map((one) => [null, one])];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      longest[i * width + j] = same(a[i], b[j]) ? longest[(i + 1) * width + j + 1] + 1
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
  const pairs = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && same(a[i], b[j])) pairs.push([a[i++], b[j++]]);
    else if (j >= b.length || (i < a.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1]))
      pairs.push([a[i++], null]);
    else pairs.push([null, b[j++]]);
  }
  return pairs;
};

// Lines side by side: a removed line stands beside the added one that is most like it.
const linePairs = (left, right) => {
  const pairs = [];
  let gone = [];
  let come = [];
  const settle = () => {
    pairs.push(...matched(gone, come));
    gone = [];
    come = [];
  };
  for (const [a, b] of aligned(left, right, sameLine)) {
    if (a !== null && b !== null) {
      settle();
      pairs.push([a, b]);
    } else if (a !== null) gone.push(a);
    else come.push(b);
  }
  settle();
  return pairs;
};

// The comma behind a column says only that another one follows.
const sameLine = (a, b) => a !== null && b !== null && a.replace(/,$/, "") === b.replace(/,$/, "");

const firstWord = (line) => line.trim().split(/\s+/)[0].toLowerCase();

const matched = (gone, come) => {
  const pairs = aligned(gone, come, (a, b) => firstWord(a) === firstWord(b));
  if (gone.length === 1 && come.length === 1) return [[gone[0], come[0]]];
  return pairs;
};

// What stays and what does not of a pair of lines, as texts and marked elements for each side.
const markedSides = (a, b) => {
  const sides = [[], []];
  const add = (side, tag, text) => {
    const last = side.at(-1);
    if (last && last.tag === tag) last.text += text;
    else side.push({ tag, text });
  };
  for (const [left, right] of aligned(sqlTokens(a), sqlTokens(b))) {
    if (left !== null) add(sides[0], right === null ? "del" : "", left);
    if (right !== null) add(sides[1], left === null ? "ins" : "", right);
  }
  return sides.map((side) => side.map(({ tag, text }) => (tag ? make(tag, {}, text) : text)));
};
