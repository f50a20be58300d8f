// Unpacks the program and runs it. The policy names both scripts by their hashes and no other.
(async () => {
  const text = document.getElementById("program").textContent;
  const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.body.append(script);
})().catch((error) => {
  const box = document.getElementById("trouble");
  box.hidden = false;
  box.textContent = `The interactive pages could not be unpacked (${error}). They need a browser of 2023 or later; the overview reads without them.`;
});
