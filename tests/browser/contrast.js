// Every text that is seen and contrasts too little with what lies behind it (WCAG 2.2, 1.4.3).
() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
  const light = ([r, g, b]) => {
    const part = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const behind = (element) => {
    const way = [];
    for (let one = element; one; one = one.parentElement) way.unshift(rgba(getComputedStyle(one).backgroundColor));
    return way.reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const found = [];
  let looked = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("script, style, noscript, title, defs, option, datalist, .unseen")) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const inPicture = element.closest("svg") !== null;
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const back = behind(inPicture ? element.closest("svg") : element);
    // Boxes of the picture are filled with the page's own two grounds.
    const grounds = inPicture
      ? [...element.closest("svg").querySelectorAll("rect")].map((one) => rgba(getComputedStyle(one).fill)) : [back];
    for (const ground of grounds) {
      const contrast = ratio(over(rgba(inPicture ? style.fill : style.color), ground), ground);
      looked += 1;
      if (contrast < (large ? 3 : 4.5)) found.push(`${contrast.toFixed(2)} ${element.tagName}.${element.getAttribute("class")}: ${node.data.trim().slice(0, 40)}`);
    }
  }
  return { looked, found: [...new Set(found)] };
}
