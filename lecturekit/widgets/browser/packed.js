// What comes compressed: the deck, and plotly.js. Nothing is fetched from anywhere.

export async function inflated(bytes) {
  const stream = new Blob([bytes]).stream();
  return new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

let plotly = null;

// Returns plotly.js, put into the page once for all demos in it.
export function plotlyFrom(bytes) {
  plotly ??= globalThis.Plotly ? Promise.resolve(globalThis.Plotly) : run(bytes);
  return plotly;
}

async function run(bytes) {
  const source = new Blob([await inflated(bytes)], { type: "text/javascript" });
  const script = document.createElement("script");
  script.src = URL.createObjectURL(source);
  const loader = globalThis.define; // of a page that loads its scripts with AMD
  globalThis.define = undefined;
  try {
    await new Promise((done, failed) => {
      script.onload = done;
      script.onerror = () => failed(new Error("plotly.js could not be run"));
      document.head.append(script);
    });
  } finally {
    globalThis.define = loader;
    URL.revokeObjectURL(script.src);
  }
  return globalThis.Plotly;
}
