// Where each box of the picture stands: layers and order come from the report, sizes from here.

const picturePlaces = (() => {
  const GAP = 22;
  const BETWEEN = 90;
  const RELAXED = 6;

  const columnsOf = (boxes, tallest) => {
    const columns = [];
    let height = Infinity;
    for (const box of boxes) {
      if (height + box.height > tallest) {
        columns.push([]);
        height = 0;
      }
      columns.at(-1).push(box);
      height += box.height + GAP;
    }
    return columns;
  };

  const stack = (column, x) => {
    let y = 0;
    for (const box of column) {
      box.x = x;
      box.y = y;
      y += box.height + GAP;
    }
    const width = Math.max(0, ...column.map((box) => box.width));
    for (const box of column) if (box.isPass) box.width = width;
    return width;
  };

  // Each box moves towards the middle of those it hangs together with, never over another one.
  const relax = (column) => {
    const wanted = column.map((box) => {
      const middles = box.linked.map((other) => other.y + other.height / 2);
      return middles.length
        ? middles.reduce((a, b) => a + b, 0) / middles.length - box.height / 2 : box.y;
    });
    let lowest = -Infinity;
    column.forEach((box, n) => {
      box.y = Math.max(wanted[n], lowest);
      lowest = box.y + box.height + GAP;
    });
    let highest = Infinity;
    for (let n = column.length - 1; n >= 0; n -= 1) {
      const pushed = column[n].y - wanted[n];
      if (pushed > 0) {
        const above = n ? column[n - 1].y + column[n - 1].height + GAP : -Infinity;
        column[n].y = Math.max(Math.min(wanted[n] + pushed / 2, highest - column[n].height - GAP), above);
      }
      highest = column[n].y;
    }
  };

  const unlinkedBelow = (boxes, width, top) => {
    let x = 0;
    let y = top;
    let tallest = 0;
    for (const box of boxes) {
      if (x && x + box.width > width) {
        x = 0;
        y += tallest + GAP;
        tallest = 0;
      }
      box.x = x;
      box.y = y;
      x += box.width + GAP;
      tallest = Math.max(tallest, box.height);
    }
  };

  // Give x and y to every box: { layer, order, width, height, linked: other boxes }. One that `isPass`
  // is room for a curve: as wide as its column.
  const place = (boxes) => {
    const linked = boxes.filter((box) => box.linked.length);
    const single = boxes.filter((box) => !box.linked.length);
    const area = linked.reduce((sum, box) => sum + (box.width + BETWEEN) * (box.height + GAP), 0);
    const tallest = Math.max(420, Math.sqrt(area) * 0.9, ...linked.map((box) => box.height));
    const layers = [...new Set(linked.map((box) => box.layer))].sort((a, b) => a - b);
    const columns = layers.flatMap((layer) => columnsOf(
      linked.filter((box) => box.layer === layer).sort((a, b) => a.order - b.order), tallest));
    let x = 0;
    for (const column of columns) x += stack(column, x) + BETWEEN;
    for (let n = 0; n < RELAXED; n += 1)
      (n % 2 ? [...columns].reverse() : columns).forEach(relax);
    const top = linked.length ? Math.min(...linked.map((box) => box.y)) : 0;
    for (const box of linked) box.y -= top;
    const bottom = Math.max(0, ...linked.map((box) => box.y + box.height + GAP));
    const singleArea = single.reduce((sum, box) => sum + (box.width + GAP) * (box.height + GAP), 0);
    unlinkedBelow(single, Math.max(x - BETWEEN, 900, Math.sqrt(singleArea) * 1.3), bottom);
    return {
      width: Math.max(0, ...boxes.map((box) => box.x + box.width)),
      height: Math.max(0, ...boxes.map((box) => box.y + box.height)),
    };
  };

  return { place };
})();
