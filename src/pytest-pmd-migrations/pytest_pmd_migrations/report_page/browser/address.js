// What is shown stands behind the # of the address, so that a link to it can be sent.

const address = (() => {
  let shown = new Map();
  const listeners = [];

  const read = () => {
    const text = location.hash.slice(1);
    if (!text.includes("=")) return new Map(text ? [["at", decoded(text)]] : []);
    return new Map(new URLSearchParams(text));
  };

  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch (error) {
      if (error instanceof URIError) return text;
      throw error;
    }
  };

  const tell = (before) => {
    const changed = new Set([...before.keys(), ...shown.keys()]
      .filter((key) => before.get(key) !== shown.get(key)));
    if (changed.size) for (const listener of listeners) listener(changed);
  };

  const reread = () => {
    const before = shown;
    shown = read();
    tell(before);
  };

  shown = read();
  addEventListener("hashchange", reread);
  return {
    get: (key, otherwise = "") => shown.get(key) ?? otherwise,
    keys: () => [...shown.keys()],
    has: (key) => shown.has(key),
    listen: (listener) => listeners.push(listener),
    // Show something else: a value that is null or empty is left out of the address.
    set: (changes, { step = false } = {}) => {
      const before = new Map(shown);
      for (const [key, value] of Object.entries(changes)) {
        if (value === null || value === "") shown.delete(key);
        else shown.set(key, String(value));
      }
      const hash = `#${new URLSearchParams([...shown])}`;
      history[step ? "pushState" : "replaceState"](null, "", hash);
      tell(before);
    },
  };
})();
